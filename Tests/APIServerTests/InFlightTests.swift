import APIProtocol
import APIServer
import ObjectModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct InFlightTests {
    private static let user = Credentials.certificate(commonName: "u", organizations: [])
    private static let master = Credentials.certificate(commonName: "m", organizations: [UserInfo.mastersGroup])

    @Test(arguments: [(HTTPMethod.get, HTTPMethod.delete), (.delete, .get)])
    func aboveTheLimitRequestsAreRefused(limited: HTTPMethod, other: HTTPMethod) async throws {
        let authorizer = HoldingAuthorizer()
        let server = try TestServer { parts in
            parts.authorizer = authorizer
            parts.maximumReadsInFlight = 1
            parts.maximumWritesInFlight = 1
        }
        async let held = server.call(limited, "\(configMaps)/held", credentials: Self.user)
        for await _ in authorizer.arrivals { break }
        let refused = try await server.call(limited, "\(configMaps)/a", credentials: Self.user)
        #expect(refused.code == 429)
        #expect(refused.reason == "TooManyRequests")
        #expect(refused.message == "Too many requests, please try again later.")
        #expect(refused.headers["Retry-After"] == "1")
        #expect(try await server.call(other, "\(configMaps)/a", credentials: Self.user).code == 404)
        authorizer.release.finish()
        #expect(try await held.code == 404)
        for _ in 1...2 {
            #expect(try await server.call(limited, "\(configMaps)/a", credentials: Self.user).code == 404)
        }
    }

    @Test func whatGoesOnAndWhatMustBeAnsweredIsNotCounted() async throws {
        let server = try TestServer { parts in
            parts.maximumReadsInFlight = 0
            parts.maximumWritesInFlight = 0
            let resource = GroupResource(group: "", resource: "pods")
            parts.subresources = [
                SubresourceKey(resource, "log"): Handler(isLongRunning: true),
                SubresourceKey(resource, "eviction"): Handler(isLongRunning: false),
            ]
        }
        let cases: [(HTTPMethod, String, Credentials, Int)] = [
            (.get, configMaps, Self.user, 429), (.delete, configMaps, Self.user, 429), (.get, "/apis", .none, 429),
            (.get, "\(configMaps)?watch", Self.user, 200), (.get, "/api/v1/watch/configmaps", Self.user, 200),
            (.get, "\(pods)/p/log", Self.user, 200), (.post, "\(pods)/p/eviction", Self.user, 429),
            (.get, "/readyz", .none, 200), (.get, "/livez/ping", .none, 200), (.get, "/readyz-not", .none, 429),
            (.get, configMaps, Self.master, 200), (.get, configMaps, TestServer.admin, 200),
        ]
        for (method, path, credentials, code) in cases {
            let isWatch = path.hasSuffix("?watch")
            let reply = try await server.call(
                method, isWatch ? configMaps : path, query: isWatch ? [("watch", "1")] : [], credentials: credentials)
            #expect(reply.code == code, "\(method) \(path)")
        }
    }
}

/// Allows everything, and holds what asks for the name `held` until it is released.
private struct HoldingAuthorizer: Authorizer {
    let arrivals: AsyncStream<Void>
    let release: AsyncStream<Never>.Continuation
    private let arrived: AsyncStream<Void>.Continuation
    private let releases: AsyncStream<Never>

    init() {
        (arrivals, arrived) = AsyncStream.makeStream()
        (releases, release) = AsyncStream.makeStream()
    }

    func denial(of request: AuthorizationRequest) async -> String? {
        guard case .resource(_, _, _, _, "held") = request.subject else { return nil }
        arrived.yield()
        for await _ in releases {}
        return nil
    }
}

private struct Handler: SubresourceHandler {
    let isLongRunning: Bool
    func handle(_ call: SubresourceCall) async throws(APIStatus) -> APIResponse { .text("ok") }
}

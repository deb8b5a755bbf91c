import APIProtocol
import ClusterPKI
import HTTPCalling
import HTTPServing
import ObjectModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPSTests {
    private let pki: TestPKI

    init() throws { pki = try TestPKI() }

    /// Runs a server with TLS and one client of it.
    private func withClient(
        _ transport: any APITransport = mirror, as client: KeyPair? = nil, token: String? = nil,
        _ body: @Sendable (HTTPServer, HTTPSTransport) async throws -> Void
    ) async throws {
        try await withServer(transport, configuration: pki.configuration) { server, port in
            let client = try HTTPSTransport(
                server: "https://127.0.0.1:\(port)/", identity: pki.identity(client, token: token))
            do {
                try await body(server, client)
            } catch {
                await client.shutdown()
                throw error
            }
            await client.shutdown()
        }
    }

    @Test func aClientCertificateIsACredential() async throws {
        try await withClient(as: pki.client) { _, client in
            let reply = try await client.send(APIRequest(.post, "/a", query: [("x", "1 2")], body: [1, 2]))
            let text = try await reply.text
            #expect(text.hasPrefix("POST /a\nx=1 2\ncertificate system:node:n1 ["), "\(text)")
            #expect(text.hasSuffix("2 bytes"))
        }
    }

    @Test func certificatesAreOptional() async throws {
        try await withClient(token: "t") { _, client in
            let text = try await client.text(of: "/a")
            #expect(text == "GET /a\nbearer t")
        }
        try await withClient { _, client in
            let text = try await client.text(of: "/a")
            #expect(text == "GET /a")
        }
    }

    @Test func strangersCertificatesFailTheHandshake() async throws {
        let stranger = try CertificateAuthority(name: "test", now: 1_790_000_000).client(
            commonName: "admin", organizations: ["system:masters"], now: 1_790_000_000)
        try await withClient(as: stranger) { _, client in
            await #expect(throws: TransportError.self) { try await client.send(APIRequest(.get, "/a")) }
        }
    }

    @Test func aServerCertificateIsNoClientCertificate() async throws {
        try await withClient(as: pki.server) { _, client in
            await #expect(throws: TransportError.self) { try await client.send(APIRequest(.get, "/a")) }
        }
    }

    @Test func unknownServersAreNotTrusted() async throws {
        try await withServer(mirror, configuration: pki.configuration) { _, port in
            let other = try CertificateAuthority(name: "other", now: 1_790_000_000)
            let client = try HTTPSTransport(
                server: "https://127.0.0.1:\(port)", identity: ClientIdentity(authority: other.pair.certificate))
            #expect(await client.isUnreachable())
            await client.shutdown()
        }
    }

    @Test func nobodyThereIsUnreachable() async throws {
        let client = try HTTPSTransport(server: "https://127.0.0.1:1", identity: pki.identity(nil))
        #expect(await client.isUnreachable())
        await client.shutdown()
    }

    @Test func threeHundredCancelledWatchesShareOneConnection() async throws {
        let transport = FunctionTransport { request in
            guard request.path == "/watch" else { return .text("ok") }
            let fed = FedStream()
            fed.feed.yield([1])
            return APIResponse(code: 200, body: .stream(fed.stream))
        }
        try await withClient(transport) { server, client in
            for _ in 1...300 {
                guard case .stream(let stream) = try await client.send(APIRequest(.get, "/watch")).body else {
                    Issue.record("no stream")
                    return
                }
                #expect(try await stream.next() == [1])
                stream.cancel()
                #expect(try await stream.next() == nil)
            }
            let text = try await client.text(of: "/a")
            #expect(text == "ok")
            #expect(server.connectionCount == 1)
        }
    }

    @Test func cancellingAWatchCancelsItsSource() async throws {
        let fed = FedStream()
        try await withClient(FunctionTransport { _ in APIResponse(code: 200, body: .stream(fed.stream)) }) {
            _, client in
            guard case .stream(let stream) = try await client.send(APIRequest(.get, "/watch")).body else {
                Issue.record("no stream")
                return
            }
            fed.feed.yield(Array("line\n".utf8))
            #expect(try await stream.next() == Array("line\n".utf8))
            async let pending = stream.next()
            stream.cancel()
            #expect(try await pending == nil)
            #expect(await fed.wasCancelled())
        }
    }

    @Test func manyRequestsAtOnceShareOneConnection() async throws {
        try await withClient { server, client in
            try await withThrowingTaskGroup(of: String.self) { group in
                for number in 1...200 {
                    group.addTask { try await client.send(APIRequest(.get, "/n/\(number)")).text }
                }
                var texts: Set<String> = []
                for try await text in group { texts.insert(text) }
                #expect(texts == Set((1...200).map { "GET /n/\($0)" }))
            }
            #expect(server.connectionCount == 1)
        }
    }

    @Test func largeRepliesAndBodiesCrossFlowControl() async throws {
        let large = [UInt8](repeating: 65, count: 5 << 20)
        let transport = FunctionTransport { request in
            APIResponse(code: request.body.count == 3 << 20 ? 200 : 500, body: .bytes(large))
        }
        try await withClient(transport, as: pki.client) { _, client in
            let reply = try await client.send(APIRequest(.post, "/a", body: Array(large.prefix(3 << 20))))
            #expect(reply.code == 200)
            #expect(try await reply.text.utf8.count == large.count)
        }
    }

    @Test func tooLargeBodiesAreRefusedOnHTTP2() async throws {
        try await withClient { _, client in
            let body = [UInt8](repeating: 65, count: 4 << 20)
            let reply = try? await client.send(APIRequest(.post, "/a", body: body))
            // The reply may be overtaken by the end of the stream while the client still sends.
            #expect(reply == nil || reply?.code == 413)
            let text = try await client.text(of: "/a")
            #expect(text == "GET /a")
        }
    }

    @Test func kubeconfigsAreRead() throws {
        let text = KubeconfigText.write(
            server: "https://127.0.0.1:6443", authority: pki.authority.pair.certificate, client: pki.client)
        let kubeconfig = try Kubeconfig(parsing: Array(text.utf8))
        #expect(kubeconfig.server == "https://127.0.0.1:6443")
        #expect(kubeconfig.identity.certificateChain == pki.client.certificate)
        #expect(kubeconfig.identity.privateKey == pki.client.key)
        #expect(kubeconfig.identity.authority == pki.authority.pair.certificate)
        #expect(throws: ClientSetupError.invalidKubeconfig("contexts has no entry \"\"")) {
            try Kubeconfig(parsing: Array("apiVersion: v1".utf8))
        }
    }
}

extension HTTPSTransport {
    /// What a GET is answered.
    fileprivate func text(of path: String) async throws -> String {
        let reply = try await send(APIRequest(.get, path))
        return try await reply.text
    }

    /// Whether a request fails before it could have had an effect.
    fileprivate func isUnreachable() async -> Bool {
        do throws(TransportError) {
            _ = try await send(APIRequest(.get, "/a"))
            return false
        } catch {
            if case .unreachable = error { return true }
            Issue.record("\(error)")
            return false
        }
    }
}

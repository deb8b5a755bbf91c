internal import AsyncHTTPClient
internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
package import NodeInterfaces
internal import Timers

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Probes over sockets of this process, as kubelet's `httpGet` and `tcpSocket` do.
///
/// HTTPS certificates are not verified, at most 10 KiB of a reply are read. Redirects within the host are followed, at most
/// ten requests in all; one to another host counts as success, with a warning. Each probe uses a connection of its own, so
/// that a dead server is noticed. gRPC probes answer with a failure that says they are not supported.
package final class SocketProber: NetworkProber {
    private static let maximumBody = 10 << 10
    private static let maximumRequests = 10
    private let group: any EventLoopGroup
    private let client: HTTPClient

    /// A prober on the process's shared event loops.
    package init() {
        group = MultiThreadedEventLoopGroup.singleton
        var configuration = HTTPClient.Configuration()
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        configuration.tlsConfiguration = tls
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.idleTimeout = .milliseconds(1)
        // A refused connection is the result; the next try is the next probe's.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
    }

    /// Gives the client's connections back. Nothing may be probed afterwards.
    package func shutdown() async { try? await client.shutdown() }

    package func probe(_ probe: NetworkProbe, timeout: Duration) async -> ProbeResult {
        switch probe {
        case .tcp(let host, let port): await connect(host, port, timeout)
        case .http(let scheme, let host, let port, let path, let headers):
            await get("\(scheme.lowercased())://", host, port, path, headers, timeout)
        case .grpc: .failure("gRPC probes are not supported")
        }
    }

    private func connect(_ host: String, _ port: Int, _ timeout: Duration) async -> ProbeResult {
        do {
            let channel = try await ClientBootstrap(group: group)
                .connectTimeout(Self.amount(timeout))
                .connect(host: host, port: port).get()
            try? await channel.close()
            return .success
        } catch {
            return .failure("dial tcp \(host):\(port): \(Self.reason(error))")
        }
    }

    /// One GET, no longer than `timeout`: the client's own deadline ends with the head of the reply, and a server may send a
    /// head and nothing more.
    private func get(
        _ scheme: String, _ host: String, _ port: Int, _ path: String, _ headers: [NetworkProbe.HeaderField],
        _ timeout: Duration
    ) async -> ProbeResult {
        let url = "\(scheme)\(host):\(port)\(path.hasPrefix("/") ? path : "/\(path)")"
        return await withTaskGroup(of: ProbeResult?.self) { group in
            group.addTask { await self.follow(url, headers) }
            group.addTask {
                try? await SleepQueue.shared.sleep(for: timeout)
                return nil
            }
            let result = await group.next() ?? nil
            group.cancelAll()
            if let result { return result }
            // What was under way knows how far it came.
            return await group.next().flatMap { $0 } ?? .failure("Get \"\(url)\": context deadline exceeded")
        }
    }

    /// Asks, and asks again where a redirect leads to within the host.
    private func follow(_ first: String, _ headers: [NetworkProbe.HeaderField]) async -> ProbeResult {
        var url = first
        for _ in 0..<Self.maximumRequests {
            let response: HTTPClientResponse
            do {
                response = try await client.execute(Self.request(url, headers), deadline: .distantFuture)
            } catch {
                let isUnconnected = error is NIOConnectionError || error is IOError
                let address = isUnconnected ? "dial tcp \(Self.address(of: url)): " : ""
                return .failure("Get \"\(url)\": \(address)\(Self.reason(error))")
            }
            guard let next = Self.redirect(response, from: url) else { return await Self.result(response, of: url) }
            url = next
        }
        return .failure("Get \"\(url)\": stopped after \(Self.maximumRequests) redirects")
    }

    private static func request(_ url: String, _ headers: [NetworkProbe.HeaderField]) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        request.headers = HTTPHeaders([
            ("User-Agent", "kube-probe/1.36"), ("Accept", "*/*"), ("Connection", "close"),
        ])
        for header in headers { request.headers.replaceOrAdd(name: header.name, value: header.value) }
        return request
    }

    /// Where a reply sends its client; nil when it is to be taken as it is.
    private static func redirect(_ response: HTTPClientResponse, from url: String) -> String? {
        guard [301, 302, 303, 307, 308].contains(response.status.code),
            let location = response.headers.first(name: "Location"), !location.isEmpty,
            let base = URL(string: url), let target = URL(string: location, relativeTo: base)?.absoluteURL,
            target.host() == base.host()
        else { return nil }
        return target.absoluteString
    }

    private static func result(_ response: HTTPClientResponse, of url: String) async -> ProbeResult {
        let body: String
        do {
            body = try await text(response.body)
        } catch {
            return .unhealthy("Get \"\(url)\": \(reason(error, awaiting: "body"))")
        }
        switch response.status.code {
        case 200..<300: return .success
        case 300..<400: return .warning("Probe terminated redirects, Response body: \(body)")
        case let code: return .unhealthy("HTTP probe failed with statuscode: \(code)")
        }
    }

    private static func text(_ body: HTTPClientResponse.Body) async throws -> String {
        var bytes: [UInt8] = []
        for try await piece in body {
            bytes += piece.readableBytesView.prefix(maximumBody - bytes.count)
            if bytes.count == maximumBody { break }
        }
        try Task.checkCancellation()
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Host and port of a URL that was asked.
    private static func address(of url: String) -> String {
        guard let url = URL(string: url), let host = url.host() else { return url }
        return "\(host):\(url.port ?? (url.scheme == "https" ? 443 : 80))"
    }

    private static func amount(_ duration: Duration) -> TimeAmount {
        let (seconds, attoseconds) = duration.components
        return .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    private static func reason(_ error: any Error, awaiting part: String = "headers") -> String {
        if let error = error as? NIOConnectionError {
            return error.connectionErrors.first.map { reason($0.error) } ?? "connect: connection refused"
        }
        if let error = error as? IOError {
            return "connect: \(String(cString: strerror(error.errnoCode)).lowercased())"
        }
        let isLate = [.cancelled, .connectTimeout, .readTimeout].contains(error as? HTTPClientError)
        if isLate || error is CancellationError {
            return "context deadline exceeded (Client.Timeout exceeded while awaiting \(part))"
        }
        if case .connectTimeout? = error as? ChannelError { return "i/o timeout" }
        return "\(error)"
    }
}

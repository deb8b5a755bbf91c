internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
package import NodeInterfaces

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Probes over sockets of this process, as kubelet's `httpGet` and `tcpSocket` do.
///
/// HTTPS certificates are not verified, redirects to another host count as success, at most 10 KiB of a reply are read. Each
/// probe uses a connection of its own, so that a dead server is noticed. gRPC probes answer with a failure that says they
/// are not supported.
package final class SocketProber: NetworkProber {
    private static let maximumBody = 10 << 10
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
            group.addTask { await self.get(url, headers, dialing: "\(host):\(port)") }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return nil
            }
            let result = await group.next() ?? nil
            group.cancelAll()
            if let result { return result }
            // What was under way knows how far it came.
            return await group.next().flatMap { $0 } ?? .failure("Get \"\(url)\": context deadline exceeded")
        }
    }

    private func get(
        _ url: String, _ headers: [NetworkProbe.HeaderField], dialing address: String
    ) async -> ProbeResult {
        var request = HTTPClientRequest(url: url)
        request.headers = HTTPHeaders([
            ("User-Agent", "kube-probe/1.36"), ("Accept", "*/*"), ("Connection", "close"),
        ])
        for header in headers { request.headers.replaceOrAdd(name: header.name, value: header.value) }
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, deadline: .distantFuture)
        } catch {
            let isUnconnected = error is NIOConnectionError || error is IOError
            return .failure("Get \"\(url)\": \(isUnconnected ? "dial tcp \(address): " : "")\(Self.reason(error))")
        }
        do {
            try await Self.read(response.body)
        } catch {
            return .failure("Get \"\(url)\": \(Self.reason(error, awaiting: "body"))")
        }
        return (200..<400).contains(Int(response.status.code))
            ? .success : .failure("HTTP probe failed with statuscode: \(response.status.code)")
    }

    private static func read(_ body: HTTPClientResponse.Body) async throws {
        var size = 0
        for try await piece in body {
            size += piece.readableBytes
            if size > maximumBody { return }
        }
        try Task.checkCancellation()
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

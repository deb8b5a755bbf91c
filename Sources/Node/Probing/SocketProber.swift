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

    private func get(
        _ scheme: String, _ host: String, _ port: Int, _ path: String, _ headers: [NetworkProbe.HeaderField],
        _ timeout: Duration
    ) async -> ProbeResult {
        let url = "\(scheme)\(host):\(port)\(path.hasPrefix("/") ? path : "/\(path)")"
        var request = HTTPClientRequest(url: url)
        request.headers = HTTPHeaders([
            ("User-Agent", "kube-probe/1.36"), ("Accept", "*/*"), ("Connection", "close"),
        ])
        for header in headers { request.headers.replaceOrAdd(name: header.name, value: header.value) }
        do {
            let deadline = NIODeadline.now() + Self.amount(timeout)
            let response = try await client.execute(request, deadline: deadline)
            var size = 0
            for try await piece in response.body {
                size += piece.readableBytes
                if size > Self.maximumBody { break }
            }
            return (200..<400).contains(Int(response.status.code))
                ? .success : .failure("HTTP probe failed with statuscode: \(response.status.code)")
        } catch {
            let isUnconnected = error is NIOConnectionError || error is IOError
            let address = isUnconnected ? "dial tcp \(host):\(port): " : ""
            return .failure("Get \"\(url)\": \(address)\(Self.reason(error))")
        }
    }

    private static func amount(_ duration: Duration) -> TimeAmount {
        let (seconds, attoseconds) = duration.components
        return .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    private static func reason(_ error: any Error) -> String {
        if let error = error as? NIOConnectionError {
            return error.connectionErrors.first.map { reason($0.error) } ?? "connect: connection refused"
        }
        if let error = error as? IOError {
            return "connect: \(String(cString: strerror(error.errnoCode)).lowercased())"
        }
        if let error = error as? HTTPClientError,
            [.deadlineExceeded, .connectTimeout, .readTimeout].contains(error)
        {
            return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        }
        if case .connectTimeout? = error as? ChannelError { return "i/o timeout" }
        return "\(error)"
    }
}

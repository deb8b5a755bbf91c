import APIProtocol
import ClusterPKI
import HTTPCalling
import HTTPServing
import Logging
import Synchronization
import Testing

/// A transport that is one function.
struct FunctionTransport: APITransport {
    let answer: @Sendable (APIRequest) async -> APIResponse

    init(_ answer: @escaping @Sendable (APIRequest) async -> APIResponse) { self.answer = answer }

    func send(_ request: APIRequest) async throws(TransportError) -> APIResponse { await answer(request) }
}

/// Says what a request looked like on the other side.
let mirror = FunctionTransport { request in
    var lines = ["\(request.method.rawValue) \(request.path)"]
    lines += request.query.map { "\($0.name)=\($0.value)" }
    switch request.credentials {
    case .certificate(let name, let organizations): lines.append("certificate \(name) \(organizations)")
    case .bearer(let token): lines.append("bearer \(token)")
    case .none, .inProcess: break
    }
    if request.headers["Authorization"] != nil { lines.append("the token is still there") }
    if !request.body.isEmpty { lines.append("\(request.body.count) bytes") }
    return .text(lines.joined(separator: "\n"))
}

/// Runs a server on a free port of the loopback for as long as `body` runs.
func withServer(
    _ transport: any APITransport, configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
    _ body: @Sendable (HTTPServer, Int) async throws -> Void
) async throws {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let server = try HTTPServer(configuration: configuration, transport: transport, logger: logger)
    try await server.start([ListenAddress(host: "127.0.0.1", port: 0)])
    let port = try #require(server.addresses.first?.port)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await server.run() }
        do {
            try await body(server, port)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
        try await group.waitForAll()
    }
}

/// A stream that a test feeds, and that tells when it is cancelled.
struct FedStream: Sendable {
    let stream: ByteStream
    let feed: AsyncStream<[UInt8]>.Continuation
    let cancelled: AsyncStream<Void>

    init() {
        let (pieces, feed) = AsyncStream.makeStream(of: [UInt8].self)
        let (cancelled, cancellation) = AsyncStream.makeStream(of: Void.self)
        let reader = PieceReader(pieces)
        self.feed = feed
        self.cancelled = cancelled
        stream = ByteStream(
            next: { await reader.next() },
            cancel: {
                cancellation.yield()
                cancellation.finish()
                feed.finish()
            })
    }

    func wasCancelled() async -> Bool {
        for await _ in cancelled { return true }
        return false
    }
}

private final class PieceReader: Sendable {
    private let pieces: AsyncStream<[UInt8]>
    init(_ pieces: AsyncStream<[UInt8]>) { self.pieces = pieces }
    func next() async -> [UInt8]? {
        var iterator = pieces.makeAsyncIterator()
        return await iterator.next()
    }
}

/// One authority and what it signed, made once for all tests.
struct TestPKI {
    let authority: CertificateAuthority
    let server: KeyPair
    let client: KeyPair

    init() throws {
        let now: Int64 = 1_790_000_000
        authority = try CertificateAuthority(name: "test", now: now)
        server = try authority.server(
            commonName: "server", dnsNames: ["localhost"], addresses: [[127, 0, 0, 1]], now: now)
        client = try authority.client(
            commonName: "system:node:n1", organizations: ["system:nodes", "system:authenticated"], now: now)
    }

    var configuration: HTTPServerConfiguration {
        HTTPServerConfiguration(
            tls: ServerTLS(
                certificateChain: server.certificate, privateKey: server.key,
                clientAuthority: authority.pair.certificate))
    }

    func identity(_ client: KeyPair?, token: String? = nil) -> ClientIdentity {
        ClientIdentity(
            authority: authority.pair.certificate, certificateChain: client?.certificate, privateKey: client?.key,
            token: token)
    }
}

extension APIResponse {
    /// The whole body as text.
    var text: String {
        get async throws {
            switch body {
            case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
            case .stream(let stream): String(decoding: try await stream.collect(), as: UTF8.self)
            case .tree, .events, .upgrade: ""
            }
        }
    }
}

import APIProtocol
import APIServer
import BuiltinAPI
import ClusterPKI
import Foundation
import HTTPCalling
import HTTPServing
import Kinds
import Logging
import ObjectModel
import ObjectStorage
import SQLiteStorage
import Synchronization

/// An API server over a file, reached by HTTPS, that can be restarted while its clients go on.
final class Site: Sendable {
    private struct Running {
        let store: SQLiteStore
        let server: HTTPServer
        let task: AsyncStream<Void>
    }

    /// A minute of the server is a second of the test: bookmarks come often.
    private static let haste = 60

    private let path: String
    private let configuration: HTTPServerConfiguration
    private let identity: ClientIdentity
    private let running = Mutex<Running?>(nil)
    private let port = Mutex(0)
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init(folder: String) throws {
        path = folder + "/store.db"
        let now: Int64 = 1_790_000_000
        let authority = try CertificateAuthority(name: "test", now: now)
        let server = try authority.server(
            commonName: "server", dnsNames: ["localhost"], addresses: [[127, 0, 0, 1]], now: now)
        let client = try authority.client(commonName: "test", organizations: [UserInfo.mastersGroup], now: now)
        configuration = HTTPServerConfiguration(
            tls: ServerTLS(
                certificateChain: server.certificate, privateKey: server.key,
                clientAuthority: authority.pair.certificate))
        identity = ClientIdentity(
            authority: authority.pair.certificate, certificateChain: client.certificate, privateKey: client.key,
            token: nil)
    }

    /// The store that runs now; nil while the site is being restarted.
    var store: SQLiteStore? { running.withLock { $0?.store } }

    /// A client of its own connections.
    func client() throws -> HTTPSTransport {
        try HTTPSTransport(server: "https://127.0.0.1:\(port.withLock { $0 })", identity: identity)
    }

    func start(in group: inout ThrowingTaskGroup<Void, any Error>) async throws {
        let store = try await SQLiteStore.open(path: path)
        var parts = APIServerParts(authorizer: GroupAuthorizer())
        parts.environment = Self.environment
        parts.logger = logger
        let api = APIServer(registry: try BuiltinKinds.registry(), store: store, parts: parts)
        let server = try HTTPServer(configuration: configuration, transport: api, logger: logger)
        try await server.start([ListenAddress(host: "127.0.0.1", port: port.withLock { $0 })])
        port.withLock { $0 = server.addresses.first?.port ?? 0 }
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        group.addTask {
            await server.run()
            end.finish()
        }
        running.withLock { $0 = Running(store: store, server: server, task: ended) }
    }

    func stop() async {
        let former = running.withLock { running in
            defer { running = nil }
            return running
        }
        guard let former else { return }
        await former.server.stop()
        await former.store.close()
        for await _ in former.task {}
    }

    private static var environment: ServerEnvironment {
        let begin = ContinuousClock.now
        return ServerEnvironment(
            now: { Timestamp(seconds: 1_800_000_000) + (ContinuousClock.now - begin) * haste },
            makeUID: { UUID().uuidString.lowercased() }, random: { Int.random(in: $0) },
            sleep: { try await ServerEnvironment.system.sleep($0 / haste) })
    }
}

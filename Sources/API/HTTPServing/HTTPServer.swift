package import APIProtocol
package import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import ObjectModel
internal import Synchronization

#if os(Linux)
    internal import Glibc
#endif

/// Serves an `APITransport` over HTTP/1.1 and HTTP/2 (RFC 9112, 9113), TLS, and WebSockets (RFC 6455).
///
/// Guarantees: the replies of one connection keep the order HTTP asks for; a stream is pulled only as fast as its client
/// reads and is cancelled when the client goes. Limits are in `HTTPServerConfiguration`.
/// Every request is a child task of `run()`: event loops hand requests over through one bounded queue.
package final class HTTPServer: Sendable {
    private struct State {
        var listeners: [(address: ListenAddress, channel: any Channel)] = []
        var stopped = false
    }

    private let configuration: HTTPServerConfiguration
    private let transport: any APITransport
    private let logger: Logger
    private let setup: ConnectionSetup
    private let registry: ConnectionRegistry
    private let requests: AsyncStream<Exchange>
    private let queue: AsyncStream<Exchange>.Continuation
    private let state = Mutex(State())
    private let stopSignal = Signal()

    /// A server that does not listen yet. Throws `.invalidTLS`.
    package init(
        configuration: HTTPServerConfiguration, transport: any APITransport, logger: Logger
    ) throws(HTTPServerError) {
        let (requests, queue) = AsyncStream.makeStream(
            of: Exchange.self, bufferingPolicy: .bufferingOldest(configuration.maximumQueue))
        let registry = ConnectionRegistry(limit: configuration.maximumConnections)
        self.configuration = configuration
        self.transport = transport
        self.logger = logger
        self.requests = requests
        self.queue = queue
        self.registry = registry
        setup = ConnectionSetup(
            configuration: configuration, context: try configuration.tls?.context(), registry: registry
        ) { exchange in
            switch queue.yield(exchange) {
            case .enqueued: break
            case .dropped: exchange.refuse(.tooManyRequests("the server has too many requests waiting"))
            case .terminated: exchange.refuse(.unavailable("the server is stopping"))
            @unknown default: break
            }
        }
    }

    /// The addresses listened at, with the ports that the system chose.
    package var addresses: [ListenAddress] { state.withLock { $0.listeners.map(\.address) } }

    /// How many connections are open.
    package var connectionCount: Int { registry.connectionCount }

    /// Uses another certificate, key and client authority for connections from now on. Throws `.invalidTLS`.
    package func replaceTLS(_ tls: ServerTLS) throws(HTTPServerError) { setup.replace(try tls.context()) }

    /// Listens at all `addresses`, or at none of them and throws.
    package func start(_ addresses: [ListenAddress]) async throws(HTTPServerError) {
        do throws(HTTPServerError) {
            for address in addresses { try await addListener(host: address.host, port: address.port) }
        } catch {
            await closeListeners()
            throw error
        }
    }

    /// Listens at one more address and returns the port. Requests are answered while `run()` runs.
    @discardableResult
    package func addListener(host: String, port: Int) async throws(HTTPServerError) -> Int {
        let wanted = ListenAddress(host: host, port: port)
        let channel: any Channel
        do {
            channel = try await bootstrap().bind(host: host, port: port).get()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw .addressInUse(wanted)
        } catch {
            throw .cannotListen(wanted, "\(error)")
        }
        let address = ListenAddress(host: host, port: channel.localAddress?.port ?? port)
        let stopped = state.withLock { state in
            if !state.stopped { state.listeners.append((address, channel)) }
            return state.stopped
        }
        guard !stopped else {
            channel.close(promise: nil)
            throw .stopped
        }
        logger.info("listening", metadata: ["address": "\(address)"])
        return address.port
    }

    /// Answers requests until `stop()`, or abruptly until the task is cancelled. Call it once.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.serveRequests() }
            group.addTask {
                await self.stopSignal.wait()
                try? await Task.sleep(for: self.configuration.stopTimeout)
            }
            await group.next()
            group.cancelAll()
            registry.closeAll()
        }
        beginStopping()
        await closeListeners()
        registry.closeAll()
    }

    /// Stops accepting, ends streams, and lets other running requests finish for `stopTimeout`; then `run()` returns.
    package func stop() async {
        beginStopping()
        await closeListeners()
    }

    private func serveRequests() async {
        await withDiscardingTaskGroup { group in
            for await exchange in requests {
                group.addTask { await exchange.serve(by: self.transport, in: self.registry) }
            }
        }
    }

    private func beginStopping() {
        state.withLock { $0.stopped = true }
        queue.finish()
        registry.drain()
        stopSignal.raise()
    }

    private func closeListeners() async {
        let channels = state.withLock { state in
            defer { state.listeners = [] }
            return state.listeners.map(\.channel)
        }
        for channel in channels { try? await channel.close().get() }
    }

    private func bootstrap() -> ServerBootstrap {
        ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 512)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            // As kube-apiserver's listener (Go's defaults): without them a client that vanished is noticed in 2 hours.
            #if os(Linux)
                .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), value: 15)
                .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), value: 15)
                .childChannelOption(.tcpOption(.init(rawValue: TCP_KEEPCNT)), value: 9)
            #endif
            .childChannelInitializer { channel in self.setup.prepare(channel) }
    }
}

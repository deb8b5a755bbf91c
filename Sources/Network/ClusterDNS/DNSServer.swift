package import Logging
internal import NIOCore
internal import NIOPosix
package import ObjectModel
internal import Synchronization

/// Why cluster DNS cannot serve.
package struct DNSServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The address and what is wrong with it.
    package let description: String
}

/// Cluster DNS: answers from the zone, passes other names on. UDP and TCP on each address it is given.
///
/// Limits: 256 TCP connections, each closed after 10 s without a question, with at most 64 questions in work and none read
/// while the client does not take its answers; messages up to 64 KiB by TCP. A malformed message is answered FORMERR or
/// dropped.
package final class DNSServer: Sendable {
    private let zone: Mutex<DNSZone>
    private let upstreams: UpstreamResolvers
    private let group: MultiThreadedEventLoopGroup
    private let logger: Logger

    /// A server for a zone. One thread serves it.
    package init(zone: DNSZone, upstreams: UpstreamResolvers, logger: Logger) {
        self.zone = Mutex(zone)
        self.upstreams = upstreams
        self.logger = logger
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    }

    /// Changes the zone.
    package func update(_ change: (inout DNSZone) -> Void) { zone.withLock { change(&$0) } }

    func answer(_ question: DNSQuestion) -> DNSAnswer? { zone.withLock { $0.answer(question) } }

    /// Serves on `addresses` at `port` until the task is cancelled. `onReady` gets the port once all are bound (port 0
    /// chooses one for each).
    package func run(
        addresses: [IPv4Address], port: Int, onReady: @Sendable (Int) async -> Void = { _ in }
    ) async throws {
        var channels: [any Channel] = []
        do {
            let forwarder = try await bindForwarder()
            channels.append(forwarder.channel)
            for address in addresses {
                channels += try await bind(address, port: port, forwarder: forwarder)
            }
            await onReady(channels.dropFirst().first?.localAddress?.port ?? port)
            try await Task.sleepUntilCancelled()
        } catch {
            for channel in channels { try? await channel.close() }
            try? await group.shutdownGracefully()
            if !(error is CancellationError) { throw error }
        }
    }

    private func bindForwarder() async throws -> BoundForwarder {
        let servers = try upstreams.addresses.map {
            try SocketAddress(ipAddress: $0.description, port: upstreams.port)
        }
        let loop = group.next()
        let channel = try await DatagramBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DNSForwarder(upstreams: servers))
                }
            }
            .bind(host: "0.0.0.0", port: 0).get()
        let handler = try await channel.eventLoop.submit {
            NIOLoopBound(
                try channel.pipeline.syncOperations.handler(type: DNSForwarder.self), eventLoop: channel.eventLoop)
        }.get()
        return BoundForwarder(channel: channel, handler: handler)
    }

    private func bind(_ address: IPv4Address, port: Int, forwarder: BoundForwarder) async throws -> [any Channel] {
        do {
            let datagrams = try await DatagramBootstrap(group: group)
                .channelOption(.socketOption(.so_reuseaddr), value: 1)
                .channelInitializer { [self] channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            DNSDatagramHandler(server: self, forwarder: forwarder))
                    }
                }
                .bind(host: address.description, port: port).get()
            let connections = DNSConnectionCount()
            let stream = try await ServerBootstrap(group: group)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.autoRead, value: false)
                .childChannelInitializer { [self] channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers([
                            IdleStateHandler(readTimeout: .seconds(10)),
                            DNSStreamHandler(server: self, forwarder: forwarder, connections: connections),
                        ])
                    }
                }
                .bind(host: address.description, port: datagrams.localAddress?.port ?? port).get()
            return [datagrams, stream]
        } catch {
            throw DNSServerError(description: "cluster DNS cannot serve on \(address):\(port): \(error)")
        }
    }
}

/// The channel to the machine's resolvers and its handler, on one event loop.
struct BoundForwarder: Sendable {
    let channel: any Channel
    let handler: NIOLoopBound<DNSForwarder>
}

/// How many TCP connections are open.
final class DNSConnectionCount: Sendable {
    static let limit = 256
    private let count = Mutex(0)
    func enter() -> Bool {
        count.withLock { count in
            guard count < Self.limit else { return false }
            count += 1
            return true
        }
    }
    func leave() { count.withLock { $0 -= 1 } }
}

extension Task where Success == Never, Failure == Never {
    /// Waits, without a timer, until the task is cancelled; then throws.
    static func sleepUntilCancelled() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        for await _ in stream {}
        continuation.finish()
        throw Swift.CancellationError()
    }
}

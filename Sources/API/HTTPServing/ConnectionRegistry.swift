internal import NIOCore
internal import Synchronization

/// The open connections and the long replies of a server: what stopping must end.
final class ConnectionRegistry: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: any Channel] = [:]
        var streams: [ObjectIdentifier: Exchange] = [:]
        var stopping = false
    }

    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Whether replies must be the last of their connection.
    var isStopping: Bool { state.withLock { $0.stopping } }
    /// How many connections are open.
    var connectionCount: Int { state.withLock { $0.connections.count } }

    /// Takes a new connection in; false at the limit and while stopping.
    func admit(_ channel: any Channel) -> Bool {
        let key = ObjectIdentifier(channel)
        let admitted = state.withLock { state in
            guard !state.stopping, state.connections.count < limit else { return false }
            state.connections[key] = channel
            return true
        }
        if admitted { channel.closeFuture.whenComplete { _ in self.remove(key) } }
        return admitted
    }

    func streamBegan(_ exchange: Exchange) {
        let stopping = state.withLock { state in
            state.streams[ObjectIdentifier(exchange)] = exchange
            return state.stopping
        }
        if stopping { exchange.end(.serverStops) }
    }

    func streamEnded(_ exchange: Exchange) {
        state.withLock { _ = $0.streams.removeValue(forKey: ObjectIdentifier(exchange)) }
    }

    /// Lets running requests finish: streams end, idle connections close, the others close after their reply.
    func drain() {
        let (connections, streams) = state.withLock { state in
            state.stopping = true
            return (Array(state.connections.values), Array(state.streams.values))
        }
        for stream in streams { stream.end(.serverStops) }
        for connection in connections { connection.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    /// Closes what is left.
    func closeAll() {
        for connection in state.withLock({ Array($0.connections.values) }) { connection.close(promise: nil) }
    }

    private func remove(_ key: ObjectIdentifier) {
        state.withLock { _ = $0.connections.removeValue(forKey: key) }
    }
}

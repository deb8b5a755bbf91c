package import APIProtocol
internal import Synchronization

/// A SPDY session on a connection whose messages are bytes. Nothing is read ahead: the peer's next bytes are taken from
/// the network when `events` is called, so a slow caller slows the peer.
///
/// `events`, `open` and `accept` belong to one task, since header blocks must leave in the order they were compressed
/// in. The rest may be called by others beside it. A peer that breaks the protocol is cut off.
package final class SPDYConnection: Sendable {
    private struct State {
        var session: SPDYSession
        var isClosed = false
    }

    private let bytes: any MessageChannel
    private let state: Mutex<State>

    /// The connection `bytes`, which has just become SPDY; see `SPDYSession` for the errors and the limit.
    package init(
        _ side: SPDYSession.Side, on bytes: any MessageChannel, maximumStreams: Int = 256
    ) throws(SPDYError) {
        self.bytes = bytes
        state = Mutex(State(session: try SPDYSession(side, maximumStreams: maximumStreams)))
    }

    /// What the peer did next, perhaps nothing; nil when the connection has ended.
    package func events() async throws -> [SPDYSession.Event]? {
        guard let piece = try await bytes.receive() else { return nil }
        do {
            let step = try attempt { session throws(SPDYError) in try session.receive(piece) }
            try await write(step.answer)
            return step.events
        } catch let error as SPDYError {
            await close()
            throw error
        }
    }

    /// Opens a stream; its number. The peer says when it is accepted.
    package func open(_ fields: HTTPFields) async throws -> UInt32 {
        let (stream, frame) = try attempt { session throws(SPDYError) in try session.open(fields) }
        try await write(frame)
        return stream
    }

    /// Accepts a stream of the peer.
    package func accept(_ stream: UInt32) async throws {
        try await write(attempt { session throws(SPDYError) in try session.accept(stream) })
    }

    /// Sends bytes on a stream; waits while the peer does not read. Nothing is sent on one that is over.
    package func send(_ data: [UInt8], on stream: UInt32) async throws {
        try await write(state.withLock { $0.session.send(data, on: stream) })
    }

    /// Says that nothing more is sent on a stream.
    package func end(_ stream: UInt32) async throws { try await write(state.withLock { $0.session.end(stream) }) }

    /// Gives a stream up.
    package func reset(_ stream: UInt32, _ reason: SPDYResetReason) async throws {
        try await write(state.withLock { $0.session.reset(stream, reason) })
    }

    /// Ends every stream and closes the connection. Safe to call twice.
    package func close() async {
        let last = state.withLock { state in
            defer { state.isClosed = true }
            return state.isClosed ? [] : state.session.goAway()
        }
        // A peer that is gone needs no farewell.
        try? await write(last)
        await bytes.close()
    }

    private func attempt<Answer: Sendable>(
        _ body: @Sendable (inout SPDYSession) throws(SPDYError) -> Answer
    ) throws(SPDYError) -> Answer {
        try state.withLock { state in
            Result { () throws(SPDYError) in try body(&state.session) }
        }.get()
    }

    private func write(_ frames: [UInt8]) async throws {
        if !frames.isEmpty { try await bytes.send(frames) }
    }
}

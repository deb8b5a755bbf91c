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
        /// What came and is not yet read.
        var unread: ArraySlice<UInt8> = []
        var isClosed = false

        mutating func readPiece() throws(SPDYError) -> SPDYSession.Step {
            let piece = Array(unread.prefix(SPDYConnection.longestPiece))
            unread = unread.dropFirst(piece.count)
            return try session.receive(piece)
        }
    }

    /// The most bytes that are read at a time: headers grow when they are expanded, and every frame becomes an event.
    static let longestPiece = 32 << 10

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
        if state.withLock({ $0.unread.isEmpty }) {
            guard let message = try await bytes.receive() else { return nil }
            state.withLock { $0.unread = $0.isClosed ? [] : message[...] }
        }
        do {
            let step = try attempt { state throws(SPDYError) in try state.readPiece() }
            try await write(step.answer)
            return step.events
        } catch let error as SPDYError {
            await close()
            throw error
        }
    }

    /// Opens a stream; its number. The peer says when it is accepted.
    package func open(_ fields: HTTPFields) async throws -> UInt32 {
        let (stream, frame) = try attempt { state throws(SPDYError) in try state.session.open(fields) }
        try await write(frame)
        return stream
    }

    /// Accepts a stream of the peer.
    package func accept(_ stream: UInt32) async throws {
        try await write(attempt { state throws(SPDYError) in try state.session.accept(stream) })
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

    /// Ends every stream, after `data` on `stream`, and closes the connection without waiting for a peer that does not
    /// read. Safe to call twice.
    package func close(sending data: [UInt8] = [], on stream: UInt32? = nil) async {
        let last: [UInt8] = state.withLock { state in
            guard !state.isClosed else { return [] }
            state.isClosed = true
            state.unread = []
            return (stream.map { state.session.send(data, on: $0) } ?? []) + state.session.goAway()
        }
        await bytes.close(sending: last)
    }

    /// Waits until the connection is closed, even while nobody asks for events; or until the task is cancelled.
    package func untilClosed() async { await bytes.untilClosed() }

    private func attempt<Answer: Sendable>(
        _ body: @Sendable (inout State) throws(SPDYError) -> Answer
    ) throws(SPDYError) -> Answer {
        try state.withLock { state in
            Result { () throws(SPDYError) in try body(&state) }
        }.get()
    }

    private func write(_ frames: [UInt8]) async throws {
        if !frames.isEmpty { try await bytes.send(frames) }
    }
}

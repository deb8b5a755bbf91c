/// A two-way channel of whole messages, such as a WebSocket.
package protocol MessageChannel: Sendable {
    /// The next binary message; nil when the other side closed. One reader at a time.
    func receive() async throws -> [UInt8]?
    /// Sends a binary message; waits while the other side does not read.
    func send(_ message: [UInt8]) async throws
    /// Sends `last`, as far as the other side takes it at once, and closes normally. Safe to call twice.
    func close(sending last: [UInt8]) async
    /// Waits until the connection is closed, by whichever side, even while nobody receives; or until the task is
    /// cancelled.
    func untilClosed() async
}

extension MessageChannel {
    /// Closes normally. Safe to call twice.
    package func close() async { await close(sending: []) }
}

/// The promise to talk on a connection after it became a channel.
package struct ChannelUpgrade: Sendable {
    /// What the connection becomes.
    package enum Wire: Sendable, Hashable, CustomStringConvertible {
        /// A WebSocket (RFC 6455) of the chosen subprotocol: its binary messages.
        case webSocket(subprotocol: String)
        /// A stream of bytes in another protocol, which the header field `Upgrade` names. A message is whatever the
        /// network gave; where messages end means nothing.
        case bytes(protocolName: String)

        package var description: String {
            switch self {
            case .webSocket(let subprotocol): "a WebSocket of \(subprotocol)"
            case .bytes(let name): name
            }
        }
    }

    /// What the connection becomes.
    package let wire: Wire
    /// Talks until it returns; then the channel is closed. It is not cancelled when the client goes, since what it
    /// ends then may have to wait: it sees that by `receive` and `untilClosed`, and returns soon.
    package let run: @Sendable (any MessageChannel) async -> Void

    /// A promise.
    package init(_ wire: Wire, run: @escaping @Sendable (any MessageChannel) async -> Void) {
        self.wire = wire
        self.run = run
    }
}

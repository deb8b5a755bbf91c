/// A two-way channel of whole messages, such as a WebSocket.
package protocol MessageChannel: Sendable {
    /// The next binary message; nil when the other side closed. One reader at a time.
    func receive() async throws -> [UInt8]?
    /// Sends a binary message; waits while the other side does not read.
    func send(_ message: [UInt8]) async throws
    /// Closes normally. Safe to call twice.
    func close() async
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
    /// Talks until it returns; then the channel is closed.
    package let run: @Sendable (any MessageChannel) async -> Void

    /// A promise.
    package init(_ wire: Wire, run: @escaping @Sendable (any MessageChannel) async -> Void) {
        self.wire = wire
        self.run = run
    }
}

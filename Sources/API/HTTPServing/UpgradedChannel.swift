internal import APIProtocol
internal import NIOCore
internal import Synchronization

/// An upgraded connection as a channel of messages. Received messages wait in a queue; while it holds more than
/// `queueLimit` bytes (each counted with `messageCost` more) nothing is read from the network. The last handler of the connection delivers messages and sends
/// what is written here.
final class UpgradedChannel: MessageChannel, Sendable {
    private struct State {
        var messages: [[UInt8]] = []
        var bytes = 0
        var ended = false
        var reader: CheckedContinuation<[UInt8]?, Never>?
        var closing = false
    }

    /// How many bytes may wait to be received.
    static let queueLimit = 256 << 10
    /// What a message costs beside its bytes, of which there may be none.
    private static let messageCost = 64

    private let channel: any Channel
    private let state = Mutex(State())

    init(channel: any Channel) { self.channel = channel }

    func receive() async throws -> [UInt8]? {
        let message = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready: [UInt8]?? = state.withLock { state in
                    if !state.messages.isEmpty {
                        let message = state.messages.removeFirst()
                        state.bytes -= message.count + Self.messageCost
                        return .some(message)
                    }
                    if state.ended || Task.isCancelled { return .some(nil) }
                    state.reader = continuation
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            takeReader()?.resume(returning: nil)
        }
        try Task.checkCancellation()
        channel.pipeline.fireUserInboundEventTriggered(MessageTaken())
        return message
    }

    func send(_ message: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: message)).get()
    }

    func close(sending last: [UInt8]) async {
        guard
            state.withLock({ state in
                defer { state.closing = true }
                return !state.closing
            })
        else { return }
        if !last.isEmpty { channel.writeAndFlush(ByteBuffer(bytes: last), promise: nil) }
        channel.pipeline.fireUserInboundEventTriggered(CloseWanted())
    }

    func untilClosed() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        channel.closeFuture.whenComplete { _ in continuation.finish() }
        for await _ in stream {}
    }

    /// Whether so much waits that reading should pause.
    var isFull: Bool { state.withLock { $0.bytes >= Self.queueLimit } }

    /// A message came.
    func deliver(_ message: [UInt8]) {
        let reader = state.withLock { state in
            if let reader = state.reader {
                state.reader = nil
                return Optional(reader)
            }
            state.messages.append(message)
            state.bytes += message.count + Self.messageCost
            return nil
        }
        reader?.resume(returning: message)
    }

    /// No more messages come.
    func end() {
        state.withLock { $0.ended = true }
        takeReader()?.resume(returning: nil)
    }

    private func takeReader() -> CheckedContinuation<[UInt8]?, Never>? {
        state.withLock { state in
            defer { state.reader = nil }
            return state.reader
        }
    }
}

/// A message was received by its reader, so there may be room for more.
struct MessageTaken: Sendable {}
/// Our side has nothing more to say.
struct CloseWanted: Sendable {}

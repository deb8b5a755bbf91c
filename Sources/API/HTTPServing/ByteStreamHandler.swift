internal import NIOCore

/// An upgraded connection whose messages are the bytes as they come and go.
///
/// When our side has nothing more to say, what the client still sends is dropped, so that its bytes do not reset the
/// connection before it has read ours; it has two seconds to close.
final class ByteStreamHandler: ChannelInboundHandler, ChannelOutboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private let messages: UpgradedChannel
    private let onClose: @Sendable () -> Void
    private var isClosing = false
    private var readHeld = false
    private var timer: Scheduled<Void>?

    init(messages: UpgradedChannel, onClose: @escaping @Sendable () -> Void) {
        self.messages = messages
        self.onClose = onClose
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isClosing { messages.deliver(Array(unwrapInboundIn(data).readableBytesView)) }
    }

    func read(context: ChannelHandlerContext) {
        if messages.isFull, !isClosing { readHeld = true } else { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is MessageTaken:
            if !messages.isFull { resumeReading(context) }
        case is CloseWanted: beginClosing(context)
        case is ChannelShouldQuiesceEvent: break  // the exchange is told by the registry
        case is IdleStateHandler.IdleStateEvent: context.close(promise: nil)
        case ChannelEvent.inputClosed: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        messages.end()
        onClose()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func beginClosing(_ context: ChannelHandlerContext) {
        isClosing = true
        messages.end()
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
        resumeReading(context)
    }

    private func resumeReading(_ context: ChannelHandlerContext) {
        guard readHeld else { return }
        readHeld = false
        context.read()
    }
}

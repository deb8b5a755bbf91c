internal import NIOCore
internal import NIOWebSocket

/// Frames to messages: fragments are joined, pings answered, the closing handshake kept (RFC 6455 5.4, 5.5).
///
/// While a pong has not left, only the newest ping is remembered (5.5.3 allows to answer no other).
///
/// A protocol error closes with 1002, a message above the limit with 1009. After our close frame the client has two
/// seconds for its own; then the connection is closed.
final class WebSocketHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = WebSocketFrame

    private let messages: UpgradedChannel
    private let maximumMessage: Int
    private let onClose: @Sendable () -> Void
    private var fragments: ByteBuffer?
    private var closeSent = false
    private var pongIsLeaving = false
    private var newestPing: ByteBuffer?
    private var readHeld = false
    private var timer: Scheduled<Void>?

    init(messages: UpgradedChannel, maximumMessage: Int, onClose: @escaping @Sendable () -> Void) {
        self.messages = messages
        self.maximumMessage = maximumMessage
        self.onClose = onClose
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        guard frame.maskKey != nil else { return close(context, .protocolError) }
        switch frame.opcode {
        case .binary, .text: begin(context, frame)
        case .continuation: join(context, frame)
        case .ping where !closeSent: answer(context, ping: frame.unmaskedData)
        case .ping, .pong: break
        case .connectionClose: closed(context)
        default: close(context, .protocolError)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let frame = WebSocketFrame(fin: true, opcode: .binary, data: unwrapOutboundIn(data))
        context.write(wrapOutboundOut(frame), promise: promise)
    }

    func read(context: ChannelHandlerContext) {
        if messages.isFull { readHeld = true } else { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is MessageTaken:
            guard readHeld, !messages.isFull else { return }
            readHeld = false
            context.read()
        case is CloseWanted: close(context, .normalClosure)
        case is ChannelShouldQuiesceEvent: break  // the exchange is told by the registry
        case is IdleStateHandler.IdleStateEvent: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        messages.end()
        onClose()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error as? NIOWebSocketError {
        case .invalidFrameLength: close(context, .messageTooLarge)
        case .fragmentedControlFrame, .multiByteControlFrameLength: close(context, .protocolError)
        default: context.close(promise: nil)
        }
    }

    private func answer(_ context: ChannelHandlerContext, ping: ByteBuffer) {
        guard !pongIsLeaving else {
            newestPing = ping
            return
        }
        pongIsLeaving = true
        let pong = WebSocketFrame(fin: true, opcode: .pong, data: ping)
        context.writeAndFlush(wrapOutboundOut(pong)).assumeIsolated().whenSuccess { self.pongLeft(context) }
    }

    private func pongLeft(_ context: ChannelHandlerContext) {
        pongIsLeaving = false
        guard let ping = newestPing, !closeSent else { return }
        newestPing = nil
        answer(context, ping: ping)
    }

    private func begin(_ context: ChannelHandlerContext, _ frame: WebSocketFrame) {
        guard fragments == nil else { return close(context, .protocolError) }
        if frame.fin {
            messages.deliver(Array(frame.unmaskedData.readableBytesView))
        } else {
            fragments = frame.unmaskedData
        }
    }

    private func join(_ context: ChannelHandlerContext, _ frame: WebSocketFrame) {
        guard var whole = fragments else { return close(context, .protocolError) }
        fragments = nil
        var piece = frame.unmaskedData
        whole.writeBuffer(&piece)
        guard whole.readableBytes <= maximumMessage else { return close(context, .messageTooLarge) }
        if frame.fin {
            messages.deliver(Array(whole.readableBytesView))
        } else {
            fragments = whole
        }
    }

    private func close(_ context: ChannelHandlerContext, _ code: WebSocketErrorCode) {
        guard !closeSent else { return }
        sendClose(context, code)
        if code != .normalClosure { messages.end() }
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
        if readHeld {
            readHeld = false
            context.read()
        }
    }

    private func closed(_ context: ChannelHandlerContext) {
        messages.end()
        let channel = context.channel
        let last = closeSent ? context.eventLoop.makeSucceededVoidFuture() : sendClose(context, .normalClosure)
        last.whenComplete { _ in channel.close(promise: nil) }
    }

    @discardableResult
    private func sendClose(_ context: ChannelHandlerContext, _ code: WebSocketErrorCode) -> EventLoopFuture<Void> {
        closeSent = true
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        return context.writeAndFlush(
            wrapOutboundOut(WebSocketFrame(fin: true, opcode: .connectionClose, data: data)))
    }
}

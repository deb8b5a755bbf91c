internal import NIOCore

/// Reads a connection only when somebody wants bytes, so that a slow reader slows the peer.
final class PulledBytes: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var pieces: [[UInt8]] = []
    private var waiting: EventLoopPromise<[UInt8]?>?
    private var hasEnded = false
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    /// The next bytes; nil at the end. One reader at a time.
    func next(_ promise: EventLoopPromise<[UInt8]?>) {
        if !pieces.isEmpty { return promise.succeed(pieces.removeFirst()) }
        guard !hasEnded, waiting == nil, let context else { return promise.succeed(nil) }
        waiting = promise
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(unwrapInboundIn(data).readableBytesView)
        if let waiting {
            self.waiting = nil
            waiting.succeed(bytes)
        } else {
            pieces.append(bytes)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if waiting != nil { context.read() }
    }

    func channelInactive(context: ChannelHandlerContext) { end() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func end() {
        hasEnded = true
        waiting?.succeed(nil)
        waiting = nil
    }
}

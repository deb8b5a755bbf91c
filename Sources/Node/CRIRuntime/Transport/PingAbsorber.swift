internal import NIOCore

/// Answers the server's PINGs at the socket, before NIO's HTTP/2 counts them.
final class PingAbsorber: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var filter = PingFilter()

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let (passed, pings) = filter.filter(unwrapInboundIn(data))
        if !pings.isEmpty {
            let answer = pings.flatMap(PingFilter.acknowledgement)
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: answer)), promise: nil)
        }
        if passed.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(passed)) }
    }
}

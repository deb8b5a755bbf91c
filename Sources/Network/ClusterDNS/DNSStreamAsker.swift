internal import NIOCore
internal import NIOPosix

extension DNSForwarder {
    /// Asks the resolvers in turn by TCP: one connection for one question, `patience` for each. Must be called on the
    /// channel's event loop; nil when too many are asked already.
    func askByStream(_ question: ByteBuffer) -> EventLoopFuture<ByteBuffer>? {
        guard let loop, !upstreams.isEmpty, streams < Self.maximumStreams, question.readableBytes >= 12 else {
            return nil
        }
        streams += 1
        let bound = NIOLoopBound(self, eventLoop: loop)
        let answer = Self.ask(upstreams[...], question, on: loop)
        answer.whenComplete { _ in bound.value.streams -= 1 }
        return answer
    }

    private static func ask(
        _ servers: ArraySlice<SocketAddress>, _ question: ByteBuffer, on loop: any EventLoop
    ) -> EventLoopFuture<ByteBuffer> {
        guard let server = servers.first else { return loop.makeFailedFuture(ChannelError.connectTimeout(patience)) }
        let promise = loop.makePromise(of: ByteBuffer.self)
        let deadline = loop.scheduleTask(in: patience) { promise.fail(ChannelError.connectTimeout(patience)) }
        ClientBootstrap(group: loop)
            .connectTimeout(patience)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DNSStreamAsker(question, promise))
                }
            }
            .connect(to: server)
            .whenComplete { result in
                switch result {
                case .success(let channel): promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
                case .failure(let error): promise.fail(error)
                }
            }
        promise.futureResult.whenComplete { _ in deadline.cancel() }
        return promise.futureResult.flatMapError { _ in ask(servers.dropFirst(), question, on: loop) }
    }
}

/// One question by TCP to one resolver.
private final class DNSStreamAsker: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let question: ByteBuffer
    private let promise: EventLoopPromise<ByteBuffer>
    private var buffer = ByteBuffer()

    init(_ question: ByteBuffer, _ promise: EventLoopPromise<ByteBuffer>) {
        self.question = question
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
        var framed = ByteBuffer(integer: UInt16(clamping: question.readableBytes))
        framed.writeImmutableBuffer(question)
        context.writeAndFlush(wrapOutboundOut(framed), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var piece = unwrapInboundIn(data)
        buffer.writeBuffer(&piece)
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt16.self), length >= 12,
            let answer = buffer.getSlice(at: buffer.readerIndex + 2, length: Int(length))
        else { return }
        let isOurs =
            answer.getInteger(at: answer.readerIndex, as: UInt16.self)
            == question.getInteger(at: question.readerIndex, as: UInt16.self)
        if isOurs { promise.succeed(answer) } else { promise.fail(ChannelError.inputClosed) }
    }

    func channelInactive(context: ChannelHandlerContext) { promise.fail(ChannelError.eof) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { promise.fail(error) }
}

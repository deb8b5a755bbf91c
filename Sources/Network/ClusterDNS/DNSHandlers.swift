internal import NIOCore
internal import NIOPosix

/// How a question came, and so how it is passed on.
enum DNSTransport: Sendable {
    case datagram
    case stream

    /// The longest answer in bytes.
    func limit(_ query: DNSQuery) -> Int {
        switch self {
        case .datagram: min(query.payloadSize ?? 512, 1232)
        case .stream: 65_535
        }
    }
}

extension DNSForwarder {
    /// Asks the resolvers the way the question came. Must be called on the channel's event loop.
    func ask(_ question: ByteBuffer, over transport: DNSTransport) -> EventLoopFuture<ByteBuffer>? {
        switch transport {
        case .datagram: ask(question)
        case .stream: askByStream(question)
        }
    }
}

extension DNSServer {
    /// Answers one message: from the zone, by the machine's resolvers, or with a code; nil drops it.
    func respond(
        to message: ByteBuffer, over transport: DNSTransport, forwarder: BoundForwarder, on loop: any EventLoop
    ) -> EventLoopFuture<ByteBuffer>? {
        let query: DNSQuery
        do throws(DNSQuery.Malformed) {
            query = try DNSQuery.parse(Array(message.readableBytesView))
        } catch {
            guard case .answered(let id, let code) = error else { return nil }
            return loop.makeSucceededFuture(ByteBuffer(bytes: DNSAnswer.failure(id: id, code)))
        }
        if let answer = answer(query.question) {
            return loop.makeSucceededFuture(
                ByteBuffer(bytes: answer.encoded(for: query, limit: transport.limit(query))))
        }
        let failure = ByteBuffer(
            bytes: DNSAnswer(code: .serverFailure).encoded(for: query, limit: transport.limit(query)))
        guard forwarder.handler.eventLoop === loop || loop.inEventLoop else { return loop.makeSucceededFuture(failure) }
        return forwarder.handler.eventLoop.flatSubmit {
            forwarder.handler.value.ask(message, over: transport)
                ?? forwarder.handler.eventLoop.makeSucceededFuture(failure)
        }.flatMapError { _ in loop.makeSucceededFuture(failure) }.hop(to: loop)
    }
}

/// Questions by UDP.
final class DNSDatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    private let server: DNSServer
    private let forwarder: BoundForwarder

    init(server: DNSServer, forwarder: BoundForwarder) {
        self.server = server
        self.forwarder = forwarder
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        let answer = server.respond(
            to: envelope.data, over: .datagram, forwarder: forwarder, on: context.eventLoop)
        let channel = context.channel
        answer?.whenSuccess { answer in
            channel.writeAndFlush(AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: answer), promise: nil)
        }
    }

    // A client that is gone makes an ICMP error here; the socket goes on.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}

/// Questions by TCP: each message behind its length in two bytes.
final class DNSStreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: DNSServer
    private let forwarder: BoundForwarder
    private let connections: DNSConnectionCount
    private var counted = false
    private var buffer = ByteBuffer()

    init(server: DNSServer, forwarder: BoundForwarder, connections: DNSConnectionCount) {
        self.server = server
        self.forwarder = forwarder
        self.connections = connections
    }

    func channelActive(context: ChannelHandlerContext) {
        counted = connections.enter()
        if !counted { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if counted { connections.leave() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var piece = unwrapInboundIn(data)
        buffer.writeBuffer(&piece)
        while let length = buffer.getInteger(at: buffer.readerIndex, as: UInt16.self),
            buffer.readableBytes >= 2 + Int(length)
        {
            buffer.moveReaderIndex(forwardBy: 2)
            guard let message = buffer.readSlice(length: Int(length)) else { return }
            answer(message, context)
        }
        buffer.discardReadBytes()
    }

    private func answer(_ message: ByteBuffer, _ context: ChannelHandlerContext) {
        let channel = context.channel
        let answer = server.respond(to: message, over: .stream, forwarder: forwarder, on: context.eventLoop)
        answer?.whenSuccess { answer in
            var framed = ByteBuffer(integer: UInt16(clamping: answer.readableBytes))
            framed.writeImmutableBuffer(answer)
            channel.writeAndFlush(framed, promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

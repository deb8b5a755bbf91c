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
    /// Answers one message: from the zone, by the machine's resolvers (an alias from both), or with a code; nil drops
    /// it.
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
        let limit = transport.limit(query)
        let failure = ByteBuffer(bytes: DNSAnswer(code: .serverFailure).encoded(for: query, limit: limit))
        let known = answer(query.question)
        if let known {
            guard query.recursionDesired, let target = known.target(for: query.question),
                answer(DNSQuestion(name: target, type: query.question.type)) == nil
            else { return loop.makeSucceededFuture(ByteBuffer(bytes: known.encoded(for: query, limit: limit))) }
        }
        guard forwarder.handler.eventLoop === loop || loop.inEventLoop else { return loop.makeSucceededFuture(failure) }
        return forwarder.handler.eventLoop.flatSubmit {
            let asked =
                if let known, let target = known.target(for: query.question) {
                    self.follow(known, to: target, for: query, forwarder.handler)?
                        .map { ByteBuffer(bytes: $0.encoded(for: query, limit: limit)) }
                } else {
                    forwarder.handler.value.ask(message, over: transport)
                }
            return asked ?? forwarder.handler.eventLoop.makeSucceededFuture(failure)
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
///
/// The channel must not read by itself. It is read only while the client takes its answers, and no more than
/// `maximumUnanswered` questions of a connection are worked on, so that little is held for one client.
final class DNSStreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    static let maximumUnanswered = 64

    private let server: DNSServer
    private let forwarder: BoundForwarder
    private let connections: DNSConnectionCount
    private var counted = false
    private var buffer = ByteBuffer()
    private var unanswered = 0
    private var isProceeding = false

    init(server: DNSServer, forwarder: BoundForwarder, connections: DNSConnectionCount) {
        self.server = server
        self.forwarder = forwarder
        self.connections = connections
    }

    func channelActive(context: ChannelHandlerContext) {
        counted = connections.enter()
        if counted { context.read() } else { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if counted { connections.leave() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var piece = unwrapInboundIn(data)
        buffer.writeBuffer(&piece)
    }

    func channelReadComplete(context: ChannelHandlerContext) { proceed(context) }
    func channelWritabilityChanged(context: ChannelHandlerContext) { proceed(context) }

    /// Answers what is there and reads on, as far as the client takes the answers.
    private func proceed(_ context: ChannelHandlerContext) {
        guard !isProceeding else { return }
        isProceeding = true
        defer { isProceeding = false }
        while hasRoom(context) {
            guard let message = nextMessage() else {
                buffer.discardReadBytes()
                context.read()
                return
            }
            answer(message, context)
        }
    }

    private func hasRoom(_ context: ChannelHandlerContext) -> Bool {
        context.channel.isActive && context.channel.isWritable && unanswered < Self.maximumUnanswered
    }

    private func nextMessage() -> ByteBuffer? {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt16.self),
            buffer.readableBytes >= 2 + Int(length)
        else { return nil }
        buffer.moveReaderIndex(forwardBy: 2)
        return buffer.readSlice(length: Int(length))
    }

    private func answer(_ message: ByteBuffer, _ context: ChannelHandlerContext) {
        guard let answer = server.respond(to: message, over: .stream, forwarder: forwarder, on: context.eventLoop)
        else {
            return
        }
        unanswered += 1
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        answer.hop(to: context.eventLoop).whenComplete { result in
            let (handler, context) = bound.value
            handler.unanswered -= 1
            if case .success(let answer) = result { handler.write(answer, context) }
            handler.proceed(context)
        }
    }

    private func write(_ answer: ByteBuffer, _ context: ChannelHandlerContext) {
        var framed = ByteBuffer(integer: UInt16(clamping: answer.readableBytes))
        framed.writeImmutableBuffer(answer)
        context.writeAndFlush(wrapOutboundOut(framed), promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

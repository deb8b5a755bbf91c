internal import APIProtocol
internal import NIOCore
internal import NIOHTTP1
internal import ObjectModel

/// The requests of one HTTP/1.1 connection, or of one HTTP/2 stream: bytes in, exchanges out, and their replies back.
///
/// Runs on the connection's event loop. One request is answered at a time; what the client sends meanwhile is held, and
/// reading pauses until the reply has left (HTTP/1.1 pipelining), so that a client that does not read is owed one.
final class RequestHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case idle
        case receiving(HTTPRequestHead, body: ByteBuffer)
        case answering(Exchange, HTTPRequestHead)
        /// The whole reply is written, but the network has not taken all of it.
        case leaving
        /// A reply went out before the request ended; the rest of it is dropped until the connection closes.
        case refusing
        case closed
    }

    private let configuration: HTTPServerConfiguration
    private let isHTTP2: Bool
    private let connection: any Channel
    private let registry: ConnectionRegistry
    private let bodies: ByteBudget
    private let replies: ByteBudget
    private let submit: @Sendable (Exchange) -> Void
    private var state = State.idle
    private var credentials = Credentials.none
    /// How much of the budget of bodies the request holds.
    private var bodyBytes = 0
    /// How much of the budget of replies the reply holds.
    private var replyBytes = 0
    private var held: [HTTPServerRequestPart] = []
    private var readHeld = false
    private var bodyTimer: Scheduled<Void>?
    private var replyTimer: Scheduled<Void>?
    private var idleTimer: Scheduled<Void>?
    private var idleSince = NIODeadline.now()
    private var began = false
    private var context: ChannelHandlerContext?

    /// Replies up to so many bytes are neither counted nor refused: a refusal is not much shorter.
    private static let uncountedReply = 1024

    /// What an upgrade takes out of the connection, in this order.
    var httpHandlers: [any RemovableChannelHandler] = []

    init(
        configuration: HTTPServerConfiguration, isHTTP2: Bool, connection: any Channel, registry: ConnectionRegistry,
        bodies: ByteBudget, replies: ByteBudget, submit: @escaping @Sendable (Exchange) -> Void
    ) {
        self.configuration = configuration
        self.isHTTP2 = isHTTP2
        self.connection = connection
        self.registry = registry
        self.bodies = bodies
        self.replies = replies
        self.submit = submit
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end()
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent, case .idle = state { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func read(context: ChannelHandlerContext) {
        if held.isEmpty { context.read() } else { readHeld = true }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if holdsParts { held.append(part) } else { receive(part) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        watchBody(context)
        context.fireChannelReadComplete()
    }

    /// Whether what comes waits for a reply to leave.
    private var holdsParts: Bool {
        switch state {
        case .answering, .leaving: true
        case .idle, .receiving, .refusing, .closed: false
        }
    }

    /// Limits the time of a request that has begun; most have ended by the time that this is asked.
    private func watchBody(_ context: ChannelHandlerContext) {
        guard case .receiving = state, bodyTimer == nil else { return }
        bodyTimer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(configuration.bodyTimeout)) {
            self.refuse(
                APIStatus(code: 408, reason: .timeout, message: "the body of the request did not arrive in time"))
        }
    }
}

// Requests in.
extension RequestHandler {
    private func receive(_ part: HTTPServerRequestPart) {
        switch (part, state) {
        case (.head(let head), .idle): begin(head)
        case (.body(var piece), .receiving(let head, var body)):
            guard body.readableBytes + piece.readableBytes <= bodyLimit else { return refuseBody() }
            guard bodies.take(piece.readableBytes, for: credentials) else {
                return refuse(.tooManyRequests("the server holds too many bodies of requests, please try again later"))
            }
            bodyBytes += piece.readableBytes
            state = .idle  // so that the buffer is not copied
            body.writeBuffer(&piece)
            state = .receiving(head, body: body)
        case (.end, .receiving(let head, let body)): dispatch(head, body)
        case (.end, .refusing) where !isHTTP2: context?.close(promise: nil)
        default: break
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        if !began {
            began = true
            connection.pipeline.fireUserInboundEventTriggered(RequestBegan())
        }
        credentials =
            Credentials.certificate(of: connection)
            ?? Credentials.authorization(head.headers.first(name: "authorization"))
        state = .receiving(head, body: ByteBuffer())
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }),
            length > bodyLimit
        {
            return refuseBody()
        }
        if !isHTTP2, head.headers.first(name: "expect")?.lowercased() == "100-continue", let context {
            let proceed = HTTPResponseHead(version: head.version, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(proceed)), promise: nil)
        }
    }

    private func dispatch(_ head: HTTPRequestHead, _ body: ByteBuffer) {
        bodyTimer?.cancel()
        bodyTimer = nil
        guard let context else { return }
        guard let method = APIProtocol.HTTPMethod(rawValue: head.method.rawValue) else {
            return refuse(.methodNotAllowed)
        }
        guard let target = RequestTarget(head.uri) else {
            return refuse(.badRequest("the path of the request is malformed"))
        }
        var fields = HTTPFields()
        for (name, value) in head.headers where !Self.isHidden(name) { fields.append(name, value) }
        let request = APIRequest(
            method, target.path, query: target.parameters.map { ($0.name, $0.value) }, headers: fields,
            body: Array(body.readableBytesView), credentials: credentials)
        let exchange = Exchange(request: request, handler: self, eventLoop: context.eventLoop)
        state = .answering(exchange, head)
        // Before anything has changed: afterwards the reply could not be refused.
        guard isSafe(head) || replies.hasRoom(for: credentials) else { return exchange.refuse(.tooManyReplies) }
        submit(exchange)
    }

    /// Credentials are judged once, here; nothing behind may log them.
    private static func isHidden(_ name: String) -> Bool {
        name.utf8.count == 13 && name.lowercased() == "authorization"
    }

    private var bodyLimit: Int {
        if case .none = credentials { return min(configuration.maximumAnonymousBody, configuration.maximumBody) }
        return configuration.maximumBody
    }

    /// Whether the method says that the request changes nothing.
    private func isSafe(_ head: HTTPRequestHead) -> Bool { head.method == .GET || head.method == .HEAD }

    private func refuseBody() { refuse(.tooLarge("Request entity too large: limit is \(bodyLimit)")) }

    private func giveBodyBack() {
        bodies.giveBack(bodyBytes)
        bodyBytes = 0
    }

    /// Answers before the request has ended, and closes: at once where HTTP/2 can end one stream; in HTTP/1.1 when the
    /// client has sent the rest, at most a second later, so that it reads the reply before the connection is reset.
    private func refuse(_ status: APIStatus) {
        guard let context else { return }
        bodyTimer?.cancel()
        state = .refusing
        giveBodyBack()
        let response = APIResponse.status(status)
        guard case .bytes(let bytes) = response.body else { return }
        var head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: response.code))
        for field in response.headers.all { head.headers.add(name: field.name, value: field.value) }
        head.headers.add(name: "Content-Length", value: String(bytes.count))
        if !isHTTP2 { head.headers.add(name: "Connection", value: "close") }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
        let channel = context.channel
        let linger: TimeAmount = isHTTP2 ? .zero : .seconds(1)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            channel.eventLoop.scheduleTask(in: linger) { channel.close(promise: nil) }
        }
        watchReply(context)
    }
}

// Replies out.
extension RequestHandler {
    /// A whole reply; 429 instead when too many have not left yet, but the truth about what may have changed something.
    func reply(to exchange: Exchange, _ response: APIResponse, _ body: ByteBuffer) {
        guard let (context, request) = current(exchange) else { return }
        let bytes = request.method == .HEAD ? 0 : body.readableBytes
        if bytes > Self.uncountedReply {
            if !isSafe(request) {
                replies.takeAnyway(bytes)
            } else if !replies.takeLast(bytes, for: credentials) {
                return exchange.refuse(.tooManyReplies)
            }
            replyBytes = bytes
        }
        var head = responseHead(response, request)
        if response.code >= 200, response.code != 204, response.code != 304 {
            head.headers.replaceOrAdd(name: "Content-Length", value: String(body.readableBytes))
        }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD, body.readableBytes > 0 {
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        }
        completeReply(context, closes: !isHTTP2 && !keepsAlive(request))
    }

    /// The header of a reply whose body comes in pieces.
    func begin(_ exchange: Exchange, _ response: APIResponse, _ promise: EventLoopPromise<Void>) {
        guard let (context, request) = current(exchange) else { return promise.fail(ChannelError.ioOnClosedChannel) }
        context.writeAndFlush(wrapOutboundOut(.head(responseHead(response, request))), promise: promise)
    }

    /// A piece; the promise is kept when it has left.
    func write(_ piece: ByteBuffer, of exchange: Exchange, _ promise: EventLoopPromise<Void>) {
        guard let (context, _) = current(exchange) else { return promise.fail(ChannelError.ioOnClosedChannel) }
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(piece))), promise: promise)
    }

    /// The end of a reply in pieces; not `well` closes so that the client sees it is not whole.
    func finish(_ exchange: Exchange, well: Bool) {
        guard let (context, request) = current(exchange) else { return }
        guard well else { return context.close(promise: nil) }
        completeReply(context, closes: !isHTTP2 && !keepsAlive(request))
    }

    /// Makes the connection what was asked for and gives its channel, or answers 400 and gives nil.
    func upgrade(
        _ exchange: Exchange, _ wire: ChannelUpgrade.Wire, _ headers: HTTPFields,
        _ promise: EventLoopPromise<UpgradedChannel?>
    ) {
        guard let (context, request) = current(exchange) else { return promise.succeed(nil) }
        guard !isHTTP2, let accepted = UpgradeHandshake.headers(for: request, wire, on: context.channel) else {
            let response = APIResponse.status(.badRequest("the request is no handshake for \(wire)"))
            guard case .bytes(let bytes) = response.body else { return promise.succeed(nil) }
            reply(to: exchange, response, ByteBuffer(bytes: bytes))
            return promise.succeed(nil)
        }
        var head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: accepted)
        for field in headers.all { head.headers.replaceOrAdd(name: field.name, value: field.value) }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        do {
            let pipeline = context.pipeline.syncOperations
            let channel = try UpgradeHandshake.addHandlers(
                for: wire, to: context.channel, configuration, onClose: { exchange.end(.clientGone) })
            state = .closed
            giveBodyBack()
            pipeline.removeHandler(context: context, promise: nil)
            for handler in httpHandlers { pipeline.removeHandler(handler, promise: nil) }
            promise.succeed(channel)
        } catch {
            context.close(promise: nil)
            promise.succeed(nil)
        }
    }

    private func current(_ exchange: Exchange) -> (ChannelHandlerContext, HTTPRequestHead)? {
        guard let context, case .answering(let open, let request) = state, open === exchange else { return nil }
        return (context, request)
    }

    private func responseHead(_ response: APIResponse, _ request: HTTPRequestHead) -> HTTPResponseHead {
        var headers = HTTPHeaders()
        headers.reserveCapacity(response.headers.all.count + 2)
        for field in response.headers.all { headers.add(name: field.name, value: field.value) }
        if !isHTTP2, !keepsAlive(request) {
            headers.replaceOrAdd(name: "Connection", value: "close")
        } else if !isHTTP2, request.version == .http1_0 {
            headers.replaceOrAdd(name: "Connection", value: "keep-alive")
        }
        return HTTPResponseHead(
            version: isHTTP2 ? .http2 : .http1_1, status: HTTPResponseStatus(statusCode: response.code),
            headers: headers)
    }

    /// After a refused upgrade the decoder reads no further request.
    private func keepsAlive(_ request: HTTPRequestHead) -> Bool {
        request.isKeepAlive && !request.headers.contains(name: "upgrade") && !registry.isStopping
    }

    private func completeReply(_ context: ChannelHandlerContext, closes: Bool) {
        state = .leaving
        giveBodyBack()
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { result in
            self.replyLeft(result, closes: closes)
        }
        // Most replies have left by now.
        if case .leaving = state { watchReply(context) }
    }

    private func replyLeft(_ result: Result<Void, any Error>, closes: Bool) {
        replyTimer?.cancel()
        replyTimer = nil
        giveReplyBack()
        guard let context, case .leaving = state else { return }
        guard case .success = result, !closes, !registry.isStopping || isHTTP2 || !held.isEmpty else {
            state = .closed
            return context.close(promise: nil)
        }
        state = .idle
        if !isHTTP2 { waitForNext(context) }
    }

    /// Limits the time of a reply that is written.
    private func watchReply(_ context: ChannelHandlerContext) {
        replyTimer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(configuration.replyTimeout)) {
            self.context?.close(promise: nil)
        }
    }

    private func giveReplyBack() {
        replies.giveBack(replyBytes)
        replyBytes = 0
    }

    private func waitForNext(_ context: ChannelHandlerContext) {
        let parts = held
        held = []
        for (position, part) in parts.enumerated() {
            if holdsParts {
                held = Array(parts[position...])
                return
            }
            receive(part)
        }
        // What was held may be all that has come of it.
        watchBody(context)
        if readHeld {
            readHeld = false
            context.read()
        }
        idleSince = .now()
        if idleTimer == nil { watchIdle(context, for: TimeAmount(configuration.idleTimeout)) }
    }

    /// One timer per connection: it looks how long the connection was idle rather than being set anew per request.
    private func watchIdle(_ context: ChannelHandlerContext, for time: TimeAmount) {
        idleTimer = context.eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in
            guard let self, let context = self.context else { return }
            self.idleTimer = nil
            guard case .idle = self.state else { return }
            let left = self.idleSince + TimeAmount(self.configuration.idleTimeout) - .now()
            if left <= .zero { context.close(promise: nil) } else { self.watchIdle(context, for: left) }
        }
    }

    private func end() {
        if case .answering(let exchange, _) = state { exchange.end(.clientGone) }
        state = .closed
        giveBodyBack()
        giveReplyBack()
        held = []
        bodyTimer?.cancel()
        replyTimer?.cancel()
        idleTimer?.cancel()
    }
}

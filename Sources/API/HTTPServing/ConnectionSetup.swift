internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTP2
internal import NIOSSL
internal import NIOTLS
internal import Synchronization

/// Builds the handlers of a new connection: TLS, the choice of protocol, HTTP, requests.
final class ConnectionSetup: Sendable {
    private let configuration: HTTPServerConfiguration
    private let context: Mutex<NIOSSLContext?>
    private let registry: ConnectionRegistry
    private let bodies: ByteBudget
    private let replies: ByteBudget
    private let submit: @Sendable (Exchange) -> Void

    init(
        configuration: HTTPServerConfiguration, context: NIOSSLContext?, registry: ConnectionRegistry,
        submit: @escaping @Sendable (Exchange) -> Void
    ) {
        self.configuration = configuration
        self.context = Mutex(context)
        self.registry = registry
        bodies = ByteBudget(limit: configuration.maximumBodies)
        replies = ByteBudget(limit: configuration.maximumReplies)
        self.submit = submit
    }

    func replace(_ context: NIOSSLContext) { self.context.withLock { $0 = context } }

    /// Prepares an accepted connection; a failed future closes it.
    func prepare(_ channel: any Channel) -> EventLoopFuture<Void> {
        guard registry.admit(channel) else { return channel.eventLoop.makeFailedFuture(ChannelError.eof) }
        return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(FirstRequestDeadline(after: configuration.headerTimeout))
            guard let context = context.withLock({ $0 }) else { return try configureHTTP1(channel) }
            try pipeline.addHandler(NIOSSLServerHandler(context: context))
            try pipeline.addHandler(
                ApplicationProtocolNegotiationHandler { result, channel in self.negotiated(result, channel) })
        }
    }

    private func negotiated(_ result: ALPNResult, _ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            if result == .negotiated("h2") {
                try configureHTTP2(channel)
            } else {
                try configureHTTP1(channel)
            }
        }
    }

    private func configureHTTP1(_ channel: any Channel) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderListSize = configuration.maximumHeader
        limits.maxHeaderFieldSize = configuration.maximumHeader
        let encoder = HTTPResponseEncoder()
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits))
        let validator = NIOHTTPResponseHeadersValidator()
        let errors = HTTPServerProtocolErrorHandler()
        let requests = requestHandler(isHTTP2: false, connection: channel)
        // Removed in this order when the connection becomes a WebSocket: the decoder last, as it hands on what it has.
        requests.httpHandlers = [errors, validator, encoder, decoder]
        try channel.pipeline.syncOperations.addHandlers([encoder, decoder, validator, errors, requests])
    }

    private func configureHTTP2(_ channel: any Channel) throws {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: configuration.maximumConcurrentStreams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: configuration.maximumHeader),
            HTTP2Setting(parameter: .initialWindowSize, value: 256 << 10),
        ]
        connection.targetWindowSize = 1 << 20
        connection.controlFrameRateLimit.maximumCount = configuration.maximumControlFrames
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.targetWindowSize = 256 << 10
        stream.streamResetFrameRateLimit.maximumCount = configuration.maximumControlFrames
        stream.streamErrorRateLimit.maximumCount = configuration.maximumControlFrames
        let pipeline = channel.pipeline.syncOperations
        _ = try pipeline.configureHTTP2Pipeline(
            mode: .server, connectionConfiguration: connection, streamConfiguration: stream
        ) { streamChannel in
            streamChannel.eventLoop.makeCompletedFuture {
                let requests = self.requestHandler(isHTTP2: true, connection: channel)
                try streamChannel.pipeline.syncOperations.addHandlers([
                    HTTP2FramePayloadToHTTP1ServerCodec(), requests,
                ])
            }
        }
        try pipeline.addHandler(
            NIOHTTP2ServerConnectionManagementHandler(
                eventLoop: channel.eventLoop,
                configuration: .init(
                    maxIdleTime: TimeAmount(configuration.idleTimeout), maxAge: nil, maxGraceTime: nil,
                    keepalive: .init(pingInterval: .seconds(60), ackTimeout: .seconds(20)))))
    }

    private func requestHandler(isHTTP2: Bool, connection: any Channel) -> RequestHandler {
        RequestHandler(
            configuration: configuration, isHTTP2: isHTTP2, connection: connection, registry: registry, bodies: bodies,
            replies: replies, submit: submit)
    }
}

/// Told to the connection's channel when a request's header is complete.
struct RequestBegan: Sendable {}

/// Closes a connection that brings no request in time: a slow handshake or header.
final class FirstRequestDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let limit: TimeAmount
    private var timer: Scheduled<Void>?

    init(after limit: Duration) { self.limit = TimeAmount(limit) }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is RequestBegan {
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
            return
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }
}

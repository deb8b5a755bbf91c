internal import NIOCore
internal import NIOHTTP1
internal import NIOWebSocket

/// The opening handshake of RFC 6455 section 4.2 and the handlers behind it.
enum WebSocketHandshake {
    /// The header fields of a 101 for `request`; nil when it is no handshake or does not offer `subprotocol`.
    static func headers(
        for request: HTTPRequestHead, _ subprotocol: String, on channel: any Channel
    ) -> HTTPHeaders? {
        let connection = request.headers[canonicalForm: "connection"].map { $0.lowercased() }
        let offered = request.headers[canonicalForm: "sec-websocket-protocol"].map(String.init)
        guard request.method == .GET, request.version == .http1_1, connection.contains("upgrade"),
            request.headers.first(name: "upgrade")?.lowercased() == "websocket",
            subprotocol.isEmpty || offered.contains(subprotocol)
        else { return nil }
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in
                channel.eventLoop.makeSucceededFuture(
                    subprotocol.isEmpty ? [:] : ["Sec-WebSocket-Protocol": subprotocol])
            },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
        var accepted: HTTPHeaders?
        // On the event loop, the upgrader checks version and key and answers before this call returns.
        upgrader.buildUpgradeResponse(channel: channel, upgradeRequest: request, initialResponseHeaders: [:])
            .assumeIsolated().whenSuccess { accepted = $0 }
        return accepted
    }

    /// Adds the frame codec and the message handler to the end of the channel.
    static func addHandlers(
        to channel: any Channel, maximumMessage: Int, onClose: @escaping @Sendable () -> Void
    ) throws -> WebSocketChannel {
        let messages = WebSocketChannel(channel: channel)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers([
            WebSocketFrameEncoder(),
            ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: maximumMessage)),
            WebSocketHandler(messages: messages, maximumMessage: maximumMessage, onClose: onClose),
        ])
        return messages
    }
}

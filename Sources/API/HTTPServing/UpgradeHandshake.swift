internal import APIProtocol
internal import NIOCore
internal import NIOHTTP1
internal import NIOWebSocket

/// The answer to a request that upgrades its connection, and the handlers behind it.
enum UpgradeHandshake {
    /// The header fields of a 101 for `request`; nil when it does not ask for `wire`.
    static func headers(
        for request: HTTPRequestHead, _ wire: ChannelUpgrade.Wire, on channel: any Channel
    ) -> HTTPHeaders? {
        let connection = request.headers[canonicalForm: "connection"].map { $0.lowercased() }
        guard request.version == .http1_1, connection.contains("upgrade"),
            let asked = request.headers.first(name: "upgrade")
        else { return nil }
        switch wire {
        case .webSocket(let subprotocol):
            let offered = request.headers[canonicalForm: "sec-websocket-protocol"].map(String.init)
            guard request.method == .GET, asked.lowercased() == "websocket",
                subprotocol.isEmpty || offered.contains(subprotocol)
            else { return nil }
            return webSocketHeaders(for: request, subprotocol, on: channel)
        case .bytes(let name):
            guard asked.lowercased() == name.lowercased() else { return nil }
            return ["Connection": "Upgrade", "Upgrade": name]
        }
    }

    /// The opening handshake of RFC 6455 section 4.2.
    private static func webSocketHeaders(
        for request: HTTPRequestHead, _ subprotocol: String, on channel: any Channel
    ) -> HTTPHeaders? {
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

    /// Adds what speaks `wire` to the end of the connection.
    static func addHandlers(
        for wire: ChannelUpgrade.Wire, to channel: any Channel, _ configuration: HTTPServerConfiguration,
        onClose: @escaping @Sendable () -> Void
    ) throws -> UpgradedChannel {
        let messages = UpgradedChannel(channel: channel)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(IdleStateHandler(allTimeout: TimeAmount(configuration.upgradedIdleTimeout)))
        switch wire {
        case .webSocket:
            let limit = configuration.maximumMessage
            try pipeline.addHandlers([
                WebSocketFrameEncoder(), ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: limit)),
                WebSocketHandler(messages: messages, maximumMessage: limit, onClose: onClose),
            ])
        case .bytes: try pipeline.addHandler(ByteStreamHandler(messages: messages, onClose: onClose))
        }
        return messages
    }
}

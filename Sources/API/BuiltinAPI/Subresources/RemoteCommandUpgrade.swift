internal import APIProtocol
internal import APIServer
internal import ObjectModel
internal import SPDY

/// Chooses the wire of exec and attach, so that what talks on it sees one channel of messages whichever it is:
/// WebSocket for clients since 1.30, SPDY/3.1 for those before.
enum RemoteCommandUpgrade {
    /// The streams that the client asked for.
    struct Streams {
        let stdin: Bool
        let stdout: Bool
        let stderr: Bool
        let tty: Bool

        /// The SPDY streams that the client will open.
        var channels: Set<RemoteCommandFraming.Channel> {
            var channels: Set<RemoteCommandFraming.Channel> = [.status]
            if stdin { channels.insert(.stdin) }
            if stdout { channels.insert(.stdout) }
            if stderr { channels.insert(.stderr) }
            if tty { channels.insert(.resize) }
            return channels
        }
    }

    /// The answer that upgrades the connection; 400 and 403 when it cannot.
    static func response(
        to call: SubresourceCall, _ streams: Streams, talk: @escaping @Sendable (any MessageChannel) async -> Void
    ) throws(APIStatus) -> APIResponse {
        let request = call.request
        switch (request.headers["Upgrade"] ?? "").lowercased() {
        case "websocket":
            let upgrade = ChannelUpgrade(.webSocket(subprotocol: try subprotocol(request)), run: talk)
            return APIResponse(code: 101, body: .upgrade(upgrade))
        case UpgradeWish.spdy.lowercased():
            // Clients before 1.4 offer only older forms, whose status has no exit code.
            let headers = try UpgradeWish.spdyHeaders(request, RemoteCommandFraming.streamProtocol)
            let (channels, sleep) = (streams.channels, call.environment.sleep)
            let upgrade = ChannelUpgrade(.bytes(protocolName: UpgradeWish.spdy)) { bytes in
                // A client that opens no streams gets no answer, as upstream.
                guard let channel = await SPDYCommandChannel.open(on: bytes, channels: channels, sleep: sleep) else {
                    return
                }
                await talk(channel)
            }
            return APIResponse(code: 101, headers: headers, body: .upgrade(upgrade))
        default: throw .badRequest("Upgrade request required")
        }
    }

    /// The best subprotocol of a WebSocket; 400 when none is spoken.
    private static func subprotocol(_ request: APIRequest) throws(APIStatus) -> String {
        let offered = UpgradeWish.values(request, "Sec-WebSocket-Protocol")
        guard let chosen = RemoteCommandFraming.choose(from: offered) else {
            throw .badRequest(
                "none of the subprotocols \(offered) is served: "
                    + RemoteCommandFraming.subprotocols.joined(separator: ", "))
        }
        return chosen
    }
}

/// What a request says of the protocol it wants to become.
enum UpgradeWish {
    /// SPDY's name in the header field `Upgrade`.
    static let spdy = "SPDY/3.1"
    private static let versionHeader = "X-Stream-Protocol-Version"

    /// The header fields of an upgrade to SPDY that speaks `streamProtocol`; 400 and 403 as upstream's handshake when
    /// the client does not offer it.
    static func spdyHeaders(_ request: APIRequest, _ streamProtocol: String) throws(APIStatus) -> HTTPFields {
        let offered = values(request, versionHeader)
        guard !offered.isEmpty else {
            throw .badRequest("unable to upgrade: header \(versionHeader) does not exist in request")
        }
        guard offered.contains(streamProtocol) else {
            throw APIStatus(
                code: 403, reason: .forbidden,
                message: "unable to upgrade: unable to negotiate protocol: client supports "
                    + "[\(offered.joined(separator: " "))], server accepts [\(streamProtocol)]")
        }
        return HTTPFields([(versionHeader, streamProtocol)])
    }

    /// The values of a header field that lists, over all its lines.
    static func values(_ request: APIRequest, _ name: String) -> [String] {
        request.headers.values(name).flatMap { line in
            line.split(separator: ",").map { $0.filter { $0 != " " } }
        }
    }
}

package import APIProtocol
package import APIServer
package import ObjectModel

/// `GET` and `POST …/pods/NAME/portforward`: connections into a pod. Both need the verb `create`.
///
/// Three wires: SPDY/3.1 (kubectl up to 1.30), the same within a WebSocket's messages (kubectl from 1.31), and a
/// WebSocket with two channels for each port of the query (the Python client).
package struct PortForwardHandler: SubresourceHandler {
    private static let streamProtocol = "portforward.k8s.io"
    private static let tunnel = "SPDY/3.1+portforward.k8s.io"
    private static let channels = "v4.channel.k8s.io"

    private let nodes: any NodeDirectory

    /// The handler.
    package init(nodes: any NodeDirectory) { self.nodes = nodes }

    /// A connection may change anything in the pod, whatever the method.
    package var requiredVerb: String? { "create" }

    /// Connections stay open for as long as the client likes.
    package var isLongRunning: Bool { true }

    /// Answers with the upgrade; 400 and 403 when it cannot be one.
    package func handle(_ call: SubresourceCall) async throws(APIStatus) -> APIResponse {
        let pod = try await call.objects.get(namespace: call.namespace, name: call.name)
        guard let node = pod["spec", "nodeName"]?.string, !node.isEmpty else {
            throw .badRequest("pod \(call.name) does not have a host assigned")
        }
        guard let connection = await nodes.connection(to: node) else {
            throw .unavailable("node \"\(node)\" is not connected")
        }
        let forwarder = PortForwarder(pod: pod.namespacedName, podUID: pod.uid, node: connection)
        return try Self.upgrade(call.request, forwarder)
    }

    private static func upgrade(_ request: APIRequest, _ forwarder: PortForwarder) throws(APIStatus) -> APIResponse {
        switch (request.headers["Upgrade"] ?? "").lowercased() {
        case "websocket":
            let offered = UpgradeWish.values(request, "Sec-WebSocket-Protocol")
            if offered.contains(tunnel) {
                return response(.webSocket(subprotocol: tunnel)) { await PortForwardStreams.run($0, forwarder) }
            }
            guard offered.contains(channels) else {
                throw .badRequest("none of the subprotocols \(offered) is served: \(tunnel), \(channels)")
            }
            let ports = try ports(request)
            return response(.webSocket(subprotocol: channels)) {
                await PortForwardChannels.run($0, ports, forwarder)
            }
        case UpgradeWish.spdy.lowercased():
            let headers = try UpgradeWish.spdyHeaders(request, streamProtocol)
            return response(.bytes(protocolName: UpgradeWish.spdy), headers) {
                await PortForwardStreams.run($0, forwarder)
            }
        default: throw .badRequest("Upgrade request required")
        }
    }

    private static func response(
        _ wire: ChannelUpgrade.Wire, _ headers: HTTPFields = HTTPFields(),
        run: @escaping @Sendable (any MessageChannel) async -> Void
    ) -> APIResponse {
        APIResponse(code: 101, headers: headers, body: .upgrade(ChannelUpgrade(wire, run: run)))
    }

    /// The ports of the query (PodPortForwardOptions).
    private static func ports(_ request: APIRequest) throws(APIStatus) -> [Int] {
        let texts = request.queryValues("ports").flatMap { $0.split(separator: ",").map(String.init) }
        guard !texts.isEmpty else { throw .badRequest("query parameter \"ports\" is required") }
        guard texts.count <= PortForwardChannels.mostPorts else { throw .badRequest("too many ports") }
        var ports: [Int] = []
        for text in texts {
            guard let port = PortForwarder.port(text) else {
                throw .badRequest("unable to parse \"\(text)\" as a port")
            }
            ports.append(port)
        }
        return ports
    }
}

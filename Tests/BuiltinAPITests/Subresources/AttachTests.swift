import APIProtocol
import ObjectModel
import SPDY
import Synchronization
import Testing

@Suite struct AttachTests {
    private let path = "\(SubresourceServer.pods)/p/attach"
    private static let spdy = [
        ("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", "v5.channel.k8s.io, v4.channel.k8s.io"),
        ("X-Stream-Protocol-Version", "v3.channel.k8s.io"),
    ]

    @Test func overAWebSocketItTalksLikeExec() async throws {
        let server = try SubresourceServer()
        try await server.makePod("p")
        let response = try await server.send(
            .get, path, query: [("stdin", "true"), ("stdout", "true"), ("stderr", "true"), ("tty", "true")],
            headers: [("Upgrade", "websocket"), ("Sec-WebSocket-Protocol", "v5.channel.k8s.io")])
        guard case .upgrade(let upgrade) = response.body else {
            Issue.record("no upgrade")
            return
        }
        let channel = ScriptedChannel([[0] + Array("in".utf8), [255, 0]])
        await upgrade.run(channel)
        let pod = NamespacedName(namespace: "default", name: "p")
        let request = try #require(server.node.attachRequests.withLock { $0.first })
        // A terminal has no error output.
        #expect(
            request
                == AttachRequest(
                    pod: pod, podUID: request.podUID, container: "c", stdin: true, stdout: true, stderr: false))
        #expect(server.node.inputs.withLock { $0 } == [.stdin(Array("in".utf8)), .endOfInput])
        #expect(channel.received.withLock { $0.first } == [1] + Array("hello".utf8))
    }

    @Test func overSPDYTheSameHandlerServesStreams() async throws {
        let server = try SubresourceServer()
        try await server.makePod("p")
        let response = try await server.send(
            .post, path, query: [("stdin", "true"), ("stdout", "true"), ("stderr", "true")], headers: Self.spdy)
        #expect(response.code == 101)
        #expect(response.headers["X-Stream-Protocol-Version"] == "v4.channel.k8s.io")
        guard case .upgrade(let upgrade) = response.body else {
            Issue.record("no upgrade")
            return
        }
        #expect(upgrade.wire == .bytes(protocolName: "SPDY/3.1"))
        var client = try SPDYSession(.client)
        var bytes: [UInt8] = []
        for type in ["error", "stdin", "stdout", "stderr"] {
            bytes += try client.open(HTTPFields([("streamtype", type)])).bytes
        }
        bytes += client.send(Array("in".utf8), on: 3) + client.end(3)
        let network = ScriptedChannel([bytes])
        await upgrade.run(network)
        #expect(server.node.inputs.withLock { $0 } == [.stdin(Array("in".utf8)), .endOfInput])
        let events = try client.receive(network.received.withLock { $0.flatMap { $0 } }).events
        #expect(events.prefix(4) == [.accepted(1), .accepted(3), .accepted(5), .accepted(7)])
        #expect(events.contains(.data(5, Array("hello".utf8))))
        #expect(events.contains(.data(7, Array("oh".utf8))))
        guard case .data(1, let status) = events[6] else {
            Issue.record("no status: \(events)")
            return
        }
        #expect(try JSON.parse(status)["details", "causes"]?.array?.first?["message"] == "3")
        #expect(events.suffix(5) == [.ended(1), .ended(3), .ended(5), .ended(7), .goneAway])
    }

    @Test func whatCannotBeUpgradedIsRefusedWithTheReason() async throws {
        let server = try SubresourceServer()
        try await server.makePod("p")
        try await server.makePod("waiting", node: nil)
        let query: [(name: String, value: String)] = [("stdout", "true")]
        let old = [("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", "v3.channel.k8s.io, channel.k8s.io")]
        let cases: [(String, [(name: String, value: String)], [(String, String)], Int, String)] = [
            ("p", query, [], 400, "Upgrade request required"),
            ("p", [], Self.spdy, 400, "you must specify at least 1 of stdin, stdout, stderr"),
            ("waiting", query, Self.spdy, 400, "pod waiting does not have a host assigned"),
            (
                "p", query, [("Upgrade", "SPDY/3.1")], 400,
                "unable to upgrade: header X-Stream-Protocol-Version does not exist in request"
            ),
            (
                "p", query, old, 403,
                "unable to upgrade: unable to negotiate protocol: client supports "
                    + "[v3.channel.k8s.io channel.k8s.io], server accepts [v4.channel.k8s.io]"
            ),
        ]
        for (name, query, headers, code, message) in cases {
            let reply = try await server.call(
                .post, "\(SubresourceServer.pods)/\(name)/attach", query: query, headers: headers)
            #expect(reply.code == code)
            #expect(reply.value["message"]?.string == message)
        }
    }

    @Test(arguments: ["attach", "portforward"]) func itNeedsTheVerbCreate(subresource: String) async throws {
        let server = try SubresourceServer()
        try await server.makePod("p")
        let response = try await server.send(
            .get, "\(SubresourceServer.pods)/p/\(subresource)", user: UserInfo(name: "u"))
        #expect(response.code == 403)
        guard case .bytes(let bytes) = response.body else { return }
        #expect(String(decoding: bytes, as: UTF8.self).contains("cannot create resource \\\"pods/\(subresource)\\\""))
    }
}

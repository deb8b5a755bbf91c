import APIProtocol
import ObjectModel
import SPDY
import Synchronization
import Testing

@testable import BuiltinAPI

@Suite(.timeLimit(.minutes(1))) struct PortForwardTests {
    private let path = "\(SubresourceServer.pods)/p/portforward"

    private func upgrade(
        _ server: SubresourceServer, query: [(name: String, value: String)] = [], headers: [(String, String)]
    ) async throws -> ChannelUpgrade? {
        try await server.makePod("p")
        let response = try await server.send(.get, path, query: query, headers: headers)
        #expect(response.code == 101)
        guard case .upgrade(let upgrade) = response.body else { return nil }
        return upgrade
    }

    /// The two streams of a connection to `port`: the error's number is `first`, the data's two more.
    private func open(_ client: inout SPDYSession, port: String, request: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for type in ["error", "data"] {
            bytes += try client.open(
                HTTPFields([("streamtype", type), ("port", port), ("requestid", String(request))])
            ).bytes
        }
        return bytes
    }

    @Test(
        arguments: [
            [("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", "portforward.k8s.io")],
            [("Upgrade", "websocket"), ("Sec-WebSocket-Protocol", "SPDY/3.1+portforward.k8s.io")],
        ]) func connectionsShareTheWire(headers: [(String, String)]) async throws
    {
        let server = try SubresourceServer()
        let upgrade = try #require(await upgrade(server, headers: headers))
        let isTunnel = headers.first?.1 == "websocket"
        #expect(
            upgrade.wire
                == (isTunnel
                    ? .webSocket(subprotocol: "SPDY/3.1+portforward.k8s.io") : .bytes(protocolName: "SPDY/3.1")))
        var client = try SPDYSession(.client)
        var bytes = try open(&client, port: "80", request: 0) + open(&client, port: "8080", request: 1)
        bytes += client.end(1) + client.end(5)
        bytes += client.send(Array("first".utf8), on: 3) + client.send(Array("second".utf8), on: 7)
        bytes += client.end(3) + client.end(7)
        let network = FedChannel([bytes])
        async let events = network.events(of: client) { $0.filter { $0.isEnd }.count == 4 }
        await upgrade.run(network)
        let seen = try await events
        #expect(seen.filter { $0 == .data(3, Array("first".utf8)) }.count == 1)
        #expect(seen.filter { $0 == .data(7, Array("second".utf8)) }.count == 1)
        #expect(!seen.contains { if case .data(let stream, _) = $0 { stream == 1 || stream == 5 } else { false } })
        let ports = server.node.forwardRequests.withLock { Set($0.map(\.port)) }
        #expect(ports == [80, 8080])
    }

    @Test func aFailureIsToldOnTheErrorStream() async throws {
        let server = try SubresourceServer()
        let upgrade = try #require(
            await upgrade(
                server, headers: [("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", "portforward.k8s.io")]))
        var client = try SPDYSession(.client)
        let network = FedChannel([try open(&client, port: "81", request: 0)])
        async let events = network.events(of: client) { $0.contains(.ended(1)) }
        await upgrade.run(network)
        var text: [UInt8] = []
        for case .data(1, let bytes) in try await events { text += bytes }
        #expect(
            String(decoding: text, as: UTF8.self).hasSuffix("Internal error occurred: connection refused"))
    }

    @Test func aConnectionThatFailsLetsTheUploadGo() async throws {
        let node = ScriptedNode()
        let forwarder = PortForwarder(pod: NamespacedName(namespace: "default", name: "p"), podUID: "u", node: node)
        let input = PacedPipe()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await input.write([UInt8](repeating: 1, count: 1 << 20)) }
            let failure = await forwarder.forward(port: 81, input: input) { _ in }
            #expect(failure?.hasSuffix("Internal error occurred: connection refused") == true)
        }
        #expect(input.isAborted)
    }

    @Test(arguments: [10, 3 * PacedPipe.limit])
    func aClientThatGoesIsSeenWhileThePodDoesNotRead(count: Int) async throws {
        let server = try SubresourceServer()
        let upgrade = try #require(
            await upgrade(
                server, headers: [("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", "portforward.k8s.io")]))
        var client = try SPDYSession(.client)
        var bytes = try open(&client, port: "82", request: 0)
        bytes += client.send([UInt8](repeating: 1, count: count), on: 3)
        await runUntilStuck(upgrade, FedChannel([bytes]), server.node)
    }

    @Test(arguments: [1, 3]) func aClientOfChannelsThatGoesIsSeenToo(pieces: Int) async throws {
        let server = try SubresourceServer()
        let upgrade = try #require(
            await upgrade(
                server, query: [("ports", "82")],
                headers: [("Upgrade", "websocket"), ("Sec-WebSocket-Protocol", "v4.channel.k8s.io")]))
        let piece = [UInt8](repeating: 0, count: PacedPipe.limit)
        await runUntilStuck(upgrade, FedChannel(Array(repeating: piece, count: pieces)), server.node)
    }

    /// Returns only when the end of the client ends everything.
    private func runUntilStuck(_ upgrade: ChannelUpgrade, _ network: FedChannel, _ node: ScriptedNode) async {
        async let done: Void = upgrade.run(network)
        await node.isStuck.wait()
        network.go()
        await done
    }

    @Test func whatComesBeforeTheErrorStreamIsNotLost() async throws {
        let server = try SubresourceServer()
        let upgrade = try #require(
            await upgrade(
                server, headers: [("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", "portforward.k8s.io")]))
        var client = try SPDYSession(.client)
        func open(_ type: String) throws -> [UInt8] {
            try client.open(HTTPFields([("streamtype", type), ("port", "80"), ("requestid", "0")])).bytes
        }
        var bytes = try open("data") + client.send(Array("early".utf8), on: 1) + client.end(1)
        bytes += try open("error")
        let network = FedChannel([bytes])
        async let events = network.events(of: client) { $0.contains(.ended(1)) }
        await upgrade.run(network)
        #expect(try await events.contains(.data(1, Array("early".utf8))))
    }

    @Test func aPairThatIsGivenUpMakesRoom() async throws {
        let server = try SubresourceServer()
        let upgrade = try #require(
            await upgrade(
                server, headers: [("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", "portforward.k8s.io")]))
        var client = try SPDYSession(.client)
        var bytes: [UInt8] = []
        for number in 0..<100 {
            let fields = HTTPFields([("streamtype", "error"), ("port", "80"), ("requestid", String(number))])
            let (stream, opened) = try client.open(fields)
            bytes += opened + client.reset(stream, .cancelled)
        }
        let last = try open(&client, port: "80", request: 100)
        bytes += last + client.end(203)
        let network = FedChannel([bytes])
        async let events = network.events(of: client) { $0.contains(.ended(203)) || $0.contains(.reset(203)) }
        await upgrade.run(network)
        #expect(try await events.contains(.accepted(203)))
    }

    @Test func streamsThatNameNoPortAreReset() async throws {
        let server = try SubresourceServer()
        let upgrade = try #require(
            await upgrade(
                server, headers: [("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", "portforward.k8s.io")]))
        var client = try SPDYSession(.client)
        var bytes: [UInt8] = []
        for fields in [
            [("streamtype", "data")], [("streamtype", "data"), ("port", "0")],
            [("streamtype", "data"), ("port", "65536")], [("streamtype", "other"), ("port", "80")],
        ] {
            bytes += try client.open(HTTPFields(fields)).bytes
        }
        let network = FedChannel([bytes])
        async let events = network.events(of: client) { $0.count == 4 }
        await upgrade.run(network)
        #expect(try await events.prefix(4) == [.reset(1), .reset(3), .reset(5), .reset(7)])
        #expect(server.node.forwardRequests.withLock { $0.isEmpty })
    }

    @Test func thePythonClientsChannelsCarryTheirPortsFirst() async throws {
        let server = try SubresourceServer()
        let upgrade = try #require(
            await upgrade(
                server, query: [("ports", "8080,81")],
                headers: [
                    ("Upgrade", "websocket"), ("Sec-WebSocket-Protocol", "v5.channel.k8s.io,v4.channel.k8s.io"),
                ]))
        #expect(upgrade.wire == .webSocket(subprotocol: "v4.channel.k8s.io"))
        let network = FedChannel([[0] + Array("ping".utf8), [9, 9]])
        async let done: Void = network.waitUntil { $0.count >= 6 }
        await upgrade.run(network)
        await done
        let received = network.received
        #expect(Array(received.filter { $0[0] == 0 }) == [[0, 0x90, 0x1F], [0] + Array("ping".utf8)])
        #expect(received.filter { $0[0] == 1 } == [[1, 0x90, 0x1F]])
        #expect(received.filter { $0[0] == 2 } == [[2, 81, 0]])
        let errors = received.filter { $0[0] == 3 }
        #expect(errors.first == [3, 81, 0])
        #expect(errors.count == 2)
    }

    @Test func whatCannotBeUpgradedIsRefusedWithTheReason() async throws {
        let server = try SubresourceServer()
        try await server.makePod("p")
        let webSocket = [("Upgrade", "websocket"), ("Sec-WebSocket-Protocol", "v4.channel.k8s.io")]
        let cases: [([(name: String, value: String)], [(String, String)], Int, String)] = [
            ([], [], 400, "Upgrade request required"),
            ([], webSocket, 400, #"query parameter "ports" is required"#),
            ([("ports", "x")], webSocket, 400, #"unable to parse "x" as a port"#),
            (
                [], [("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", "v4.channel.k8s.io")], 403,
                "unable to upgrade: unable to negotiate protocol: client supports [v4.channel.k8s.io], "
                    + "server accepts [portforward.k8s.io]"
            ),
        ]
        for (query, headers, code, message) in cases {
            let reply = try await server.call(.get, path, query: query, headers: headers)
            #expect(reply.code == code)
            #expect(reply.value["message"]?.string == message)
        }
    }

    @Test func aPipeHoldsItsWriterBackAndLosesNothing() async {
        let pipe = PacedPipe()
        let piece = [UInt8](repeating: 1, count: PacedPipe.limit / 2)
        let total = await withTaskGroup(of: Int.self) { group in
            group.addTask {
                for _ in 0..<20 { await pipe.write(piece) }
                pipe.end()
                return 0
            }
            group.addTask {
                var count = 0
                while let piece = await pipe.next() { count += piece.count }
                return count
            }
            return await group.reduce(0, +)
        }
        #expect(total == 20 * piece.count)
        await pipe.write(piece)
        #expect(await pipe.next() == nil)
    }

    @Test func anAbortedPipeLetsItsWriterGo() async {
        let pipe = PacedPipe()
        let piece = [UInt8](repeating: 1, count: PacedPipe.limit + 1)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await pipe.write(piece) }
            group.addTask { pipe.abort() }
        }
        #expect(await pipe.next() == nil)
        #expect(pipe.isAborted)
    }
}

extension SPDYSession.Event {
    /// Whether a stream is over with it.
    fileprivate var isEnd: Bool { if case .ended = self { true } else { false } }
}

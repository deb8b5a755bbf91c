import APIProtocol
import ObjectModel
import Synchronization
import Testing

@testable import BuiltinAPI

@Suite(.timeLimit(.minutes(1))) struct ExecTests {
    private static let webSocket = [("Upgrade", "websocket"), ("Sec-WebSocket-Protocol", "v5.channel.k8s.io")]
    private let path = "\(SubresourceServer.pods)/p/exec"

    @Test func aCommandTalksUntilItsInputEnds() async throws {
        let server = try SubresourceServer()
        try await server.makePod("p")
        let response = try await server.send(
            .get, path,
            query: [
                ("command", "sh"), ("command", "-c"), ("stdin", "true"), ("stdout", "true"), ("stderr", "true"),
            ], headers: Self.webSocket)
        #expect(response.code == 101)
        guard case .upgrade(let upgrade) = response.body else {
            Issue.record("no upgrade")
            return
        }
        #expect(upgrade.wire == .webSocket(subprotocol: "v5.channel.k8s.io"))
        let channel = ScriptedChannel([
            [0] + Array("in".utf8), [4] + Array("{\"Width\":80,\"Height\":24}".utf8), [9, 9], [255, 0],
        ])
        await upgrade.run(channel)
        let request = try #require(server.node.execRequests.withLock { $0.first })
        #expect(request.command == ["sh", "-c"])
        #expect(request.stdin)
        #expect(
            server.node.inputs.withLock { $0 }
                == [.stdin(Array("in".utf8)), .resize(width: 80, height: 24), .endOfInput])
        let received = channel.received.withLock { $0 }
        #expect(received.prefix(2) == [[1] + Array("hello".utf8), [2] + Array("oh".utf8)])
        let status = try JSON.parse(Array(try #require(received.last).dropFirst()))
        #expect(received.last?.first == 3)
        #expect(status["reason"] == "NonZeroExitCode")
        #expect(status["details"]?["causes"]?.array?.first?["message"] == "3")
    }

    @Test func aCommandThatTakesNoInputStillTellsItsOutputAndCode() async throws {
        let server = try SubresourceServer()
        try await server.makePod("p")
        let response = try await server.send(
            .get, path, query: [("command", "deaf"), ("stdin", "true"), ("stdout", "true")], headers: Self.webSocket)
        guard case .upgrade(let upgrade) = response.body else {
            Issue.record("no upgrade")
            return
        }
        let channel = ScriptedChannel([[0] + Array("in".utf8), [255, 0]])
        await upgrade.run(channel)
        let received = channel.received.withLock { $0 }
        #expect(received.first == [1] + Array("hello".utf8))
        #expect(received.last?.first == 3)
        #expect(String(decoding: received.last ?? [], as: UTF8.self).contains("NonZeroExitCode"))
    }

    @Test func aFailureOfTheNodeIsToldOnTheStatusChannel() async throws {
        let server = try SubresourceServer()
        try await server.makePod("p")
        let response = try await server.send(
            .get, path, query: [("command", "missing"), ("stdout", "1")], headers: Self.webSocket)
        guard case .upgrade(let upgrade) = response.body else {
            Issue.record("no upgrade")
            return
        }
        let channel = ScriptedChannel([])
        await upgrade.run(channel)
        let received = channel.received.withLock { $0 }
        #expect(received.count == 1)
        #expect(received.first?.first == 3)
        #expect(String(decoding: received.first ?? [], as: UTF8.self).contains("container not running"))
    }

    @Test func aClientThatGoesIsSeenWhileTheCommandDoesNotRead() async {
        let session = StuckSession()
        let network = FedChannel([[0] + Array("in".utf8)])
        async let done: Void = ExecHandler.talk(network) { () throws(APIStatus) in session }
        await session.isStuck.wait()
        network.go()
        await done
        #expect(!session.wasCancelled.withLock { $0 }, "a session that is closing has calls to make")
    }

    @Test func whatCannotBeUpgradedIsRefusedWithTheReason() async throws {
        let server = try SubresourceServer()
        try await server.makePod("p")
        try await server.makePod("waiting", node: nil)
        let query: [(name: String, value: String)] = [("command", "ls"), ("stdout", "true")]
        let cases: [(String, [(name: String, value: String)], [(String, String)], String)] = [
            ("p", query, [("Upgrade", "h2c")], "Upgrade request required"),
            (
                "p", query, [("Upgrade", "websocket"), ("Sec-WebSocket-Protocol", "v1, v2")],
                #"none of the subprotocols ["v1", "v2"] is served: v5.channel.k8s.io, v4.channel.k8s.io"#
            ),
            ("p", query, [], "Upgrade request required"),
            ("p", [("stdout", "true")], Self.webSocket, "you must specify at least one command for the container"),
            ("p", [("command", "ls")], Self.webSocket, "you must specify at least 1 of stdin, stdout, stderr"),
            ("p", query + [("container", "x")], Self.webSocket, "container x is not valid for pod p"),
            ("waiting", query, Self.webSocket, "pod waiting does not have a host assigned"),
        ]
        for (name, query, headers, message) in cases {
            let reply = try await server.call(
                .post, "\(SubresourceServer.pods)/\(name)/exec", query: query, headers: headers)
            #expect(reply.code == 400)
            #expect(reply.value["message"]?.string == message)
        }
    }

    @Test func execNeedsTheVerbCreate() async throws {
        let server = try SubresourceServer()
        try await server.makePod("p")
        let response = try await server.send(.get, path, user: UserInfo(name: "u"))
        #expect(response.code == 403)
        guard case .bytes(let bytes) = response.body else { return }
        #expect(String(decoding: bytes, as: UTF8.self).contains("cannot create resource \\\"pods/exec\\\""))
    }
}

/// A command that neither reads nor writes: only `close` lets callers go.
private final class StuckSession: ExecSession {
    let isStuck = Gate()
    let wasCancelled = Mutex(false)
    private let closed = Gate()

    func receive() async throws -> ExecOutput? {
        await closed.wait()
        return nil
    }

    func send(_ input: ExecInput) async throws {
        isStuck.open()
        await closed.wait()
    }

    func close() async {
        wasCancelled.withLock { $0 = $0 || Task.isCancelled }
        closed.open()
    }
}

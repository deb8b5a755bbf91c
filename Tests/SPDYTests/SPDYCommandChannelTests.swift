import APIProtocol
import Synchronization
import Testing

@testable import SPDY

@Suite(.timeLimit(.minutes(1))) struct SPDYCommandChannelTests {
    private typealias Channel = RemoteCommandFraming.Channel

    /// A client that opens the streams of `types` and says `then` on them.
    private func client(
        _ types: [String], then: (inout SPDYSession, [String: UInt32]) throws -> [UInt8] = { _, _ in [] }
    ) throws -> (session: SPDYSession, streams: [String: UInt32], bytes: [UInt8]) {
        var session = try SPDYSession(.client)
        var streams: [String: UInt32] = [:]
        var bytes: [UInt8] = []
        for type in types {
            let (stream, frame) = try session.open(HTTPFields([("streamtype", type)]))
            streams[type] = stream
            bytes += frame
        }
        bytes += try then(&session, streams)
        return (session, streams, bytes)
    }

    @Test func aHandlerSeesTheMessagesOfAWebSocket() async throws {
        var (session, streams, bytes) = try client(["error", "stdin", "stdout", "resize"]) { session, streams in
            let (stdin, resize) = (streams["stdin"] ?? 0, streams["resize"] ?? 0)
            var bytes = session.send(Array("in".utf8), on: stdin)
            bytes += session.send(Array("{\"Width\":80,\"Hei".utf8), on: resize)
            bytes += session.send(Array("ght\":24}\n{\"Width\":1,\"Height\":2}\n".utf8), on: resize)
            return bytes + session.end(stdin)
        }
        let network = ScriptedBytes([bytes])
        let opened = await SPDYCommandChannel.open(
            on: network, channels: [.status, .stdin, .stdout, .resize], sleep: untilCancelled)
        let channel = try #require(opened)
        var inputs: [ExecInput] = []
        while inputs.last != .endOfInput, let message = try await channel.receive() {
            inputs += [try #require(RemoteCommandFraming.input(message))]
        }
        #expect(
            inputs == [
                .stdin(Array("in".utf8)), .resize(width: 80, height: 24), .resize(width: 1, height: 2), .endOfInput,
            ])
        try await channel.send(RemoteCommandFraming.message(.stdout, Array("out".utf8)))
        try await channel.send(RemoteCommandFraming.message(.stderr, Array("nobody asked".utf8)))
        try await channel.send(RemoteCommandFraming.message(.status, Array("{}".utf8)))
        await channel.close()
        let events = try session.receive(network.sent.withLock { $0.flatMap { $0 } }).events
        let (error, stdin) = (streams["error"] ?? 0, streams["stdin"] ?? 0)
        let (stdout, resize) = (streams["stdout"] ?? 0, streams["resize"] ?? 0)
        #expect(
            events == [
                .accepted(error), .accepted(stdin), .accepted(stdout), .accepted(resize),
                .data(stdout, Array("out".utf8)), .data(error, Array("{}".utf8)),
                .ended(error), .ended(stdin), .ended(stdout), .ended(resize), .goneAway,
            ])
        #expect(network.isClosed.withLock { $0 })
    }

    @Test func aStreamOfAnUnknownTypeIsReset() async throws {
        var (session, streams, bytes) = try client(["what", "error"])
        let network = ScriptedBytes([bytes])
        let channel = await SPDYCommandChannel.open(on: network, channels: [.status], sleep: untilCancelled)
        #expect(channel != nil)
        let events = try session.receive(network.sent.withLock { $0.flatMap { $0 } }).events
        #expect(events == [.reset(streams["what"] ?? 0), .accepted(streams["error"] ?? 0)])
    }

    @Test func aClientThatOpensTooFewStreamsIsCutOff() async throws {
        let network = ScriptedBytes([try client(["error"]).bytes], endsByItself: false)
        let channel = await SPDYCommandChannel.open(on: network, channels: [.status, .stdin]) { duration in
            #expect(duration == .seconds(30))
        }
        #expect(channel == nil)
        #expect(network.isClosed.withLock { $0 })
    }

    @Test func aClientThatSendsMuchBeforeItsStreamsAreThereIsCutOff() async throws {
        let (_, _, bytes) = try client(["stdin"]) { session, streams in
            session.send([UInt8](repeating: 1, count: 300 << 10), on: streams["stdin"] ?? 0)
        }
        let network = ScriptedBytes([bytes], endsByItself: false)
        let channel = await SPDYCommandChannel.open(
            on: network, channels: [.status, .stdin], sleep: untilCancelled)
        #expect(channel == nil)
        #expect(network.isClosed.withLock { $0 })
    }

    @Test func aClientThatGoesBeforeItsStreamsAreThereIsNoError() async throws {
        let network = ScriptedBytes([try client(["error"]).bytes])
        let channel = await SPDYCommandChannel.open(
            on: network, channels: [.status, .stdin], sleep: untilCancelled)
        #expect(channel == nil)
    }

    @Test func aBrokenProtocolClosesTheConnection() async throws {
        let bytes = try client(["error"]).bytes
        let network = ScriptedBytes([bytes, [0x80, 9, 9, 9, 0, 0, 0, 0]])
        let opened = await SPDYCommandChannel.open(on: network, channels: [.status], sleep: untilCancelled)
        let channel = try #require(opened)
        await #expect(throws: SPDYError.self) { _ = try await channel.receive() }
        #expect(network.isClosed.withLock { $0 })
    }
}

/// Waits until the task is cancelled; then throws.
@Sendable func untilCancelled(_ duration: Duration) async throws {
    let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
    for await _ in stream {}
    continuation.finish()
    throw CancellationError()
}

/// A connection whose client sends given pieces and keeps what it gets.
final class ScriptedBytes: MessageChannel {
    private let pieces: Mutex<[[UInt8]]>
    private let endsByItself: Bool
    private let takes: Bool
    private let closed = AsyncStream.makeStream(of: Never.self)
    let sent = Mutex<[[UInt8]]>([])
    let isClosed = Mutex(false)

    /// After the last piece the client goes, or waits until it is closed.
    /// What is sent before the close is never taken when `takes` is false.
    init(_ pieces: [[UInt8]], endsByItself: Bool = true, takes: Bool = true) {
        self.takes = takes
        self.pieces = Mutex(pieces)
        self.endsByItself = endsByItself
    }

    func receive() async throws -> [UInt8]? {
        if let piece = pieces.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return piece }
        if !endsByItself { for await _ in closed.stream {} }
        return nil
    }

    func send(_ message: [UInt8]) async throws {
        if !takes { await untilClosed() }
        sent.withLock { $0.append(message) }
    }

    func close(sending last: [UInt8]) async {
        if !last.isEmpty { sent.withLock { $0.append(last) } }
        isClosed.withLock { $0 = true }
        closed.continuation.finish()
    }

    func untilClosed() async { for await _ in closed.stream {} }
}

import APIProtocol
import NIOEmbedded
import ObjectModel
import Testing

@testable import HTTPServing

@Suite(.timeLimit(.minutes(1))) struct ByteStreamTests {
    private static let echo = FunctionTransport { _ in
        APIResponse(
            code: 101, headers: HTTPFields([("X-Stream-Protocol-Version", "v4.channel.k8s.io")]),
            body: .upgrade(
                ChannelUpgrade(.bytes(protocolName: "SPDY/3.1")) { channel in
                    while let bytes = try? await channel.receive() {
                        try? await channel.send(bytes)
                        if bytes.contains(UInt8(ascii: "!")) { return }
                    }
                }))
    }

    private static func request(_ upgrade: String = "SPDY/3.1", version: String = "1.1") -> String {
        "POST /exec HTTP/\(version)\r\nHost: x\r\nContent-Length: 0\r\nConnection: Upgrade\r\nUpgrade: \(upgrade)\r\n\r\n"
    }

    private func withChannel(_ body: @Sendable (sending RawClient) async throws -> Void) async throws {
        try await withServer(Self.echo) { _, port in
            let client = try await RawClient(port: port)
            try await client.send(Self.request() + "early")
            let head = await client.read(until: "\r\n\r\n").lowercased()
            #expect(head.hasPrefix("http/1.1 101 "), "\(head)")
            #expect(head.contains("\r\nconnection: upgrade\r\n"))
            #expect(head.contains("\r\nupgrade: spdy/3.1\r\n"))
            #expect(head.contains("\r\nx-stream-protocol-version: v4.channel.k8s.io\r\n"))
            #expect(await client.read(count: 5) == Array("early".utf8))
            try await body(client)
        }
    }

    @Test func bytesGoBothWaysAndNoneOfTheFirstIsLost() async throws {
        try await withChannel { client in
            try await client.send("hello")
            #expect(await client.read(count: 5) == Array("hello".utf8))
        }
    }

    @Test func manyBytesAreHeldBackNotLost() async throws {
        try await withChannel { client in
            let piece = [UInt8](repeating: 120, count: 100_000)
            for _ in 1...30 { try await client.send(piece) }
            #expect(await client.read(count: 3_000_000).count == 3_000_000)
        }
    }

    @Test func theServersEndLeavesTheClientTimeToRead() async throws {
        try await withChannel { client in
            try await client.send("bye!")
            #expect(await client.read(count: 4) == Array("bye!".utf8))
            // What comes now is dropped, and the connection ends all the same.
            try await client.send("more")
            #expect(await client.readToEnd() == "")
        }
    }

    @Test func aClientsEndIsSeenWithoutReadingAndCancelsNothing() async throws {
        let seen = AsyncStream.makeStream(of: Bool.self)
        let deaf = FunctionTransport { _ in
            APIResponse(
                code: 101,
                body: .upgrade(
                    ChannelUpgrade(.bytes(protocolName: "SPDY/3.1")) { channel in
                        await channel.untilClosed()
                        seen.continuation.yield(Task.isCancelled)
                    }))
        }
        try await withServer(deaf) { _, port in
            let client = try await RawClient(port: port)
            try await client.send(Self.request())
            #expect(await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
            try await client.send([UInt8](repeating: 1, count: 300_000))
            try await client.close()
            var iterator = seen.stream.makeAsyncIterator()
            #expect(await iterator.next() == false)
        }
    }

    @Test func aLastMessageLeavesBeforeTheEnd() async throws {
        let brief = FunctionTransport { _ in
            APIResponse(
                code: 101,
                body: .upgrade(
                    ChannelUpgrade(.bytes(protocolName: "SPDY/3.1")) { await $0.close(sending: Array("last".utf8)) }))
        }
        try await withServer(brief) { _, port in
            let client = try await RawClient(port: port)
            try await client.send(Self.request())
            #expect(await client.readToEnd().hasSuffix("\r\n\r\nlast"))
        }
    }

    @Test func emptyMessagesFillTheQueueToo() {
        let channel = UpgradedChannel(channel: NIOAsyncTestingChannel())
        for _ in 0..<(UpgradedChannel.queueLimit / 64) {
            #expect(!channel.isFull)
            channel.deliver([])
        }
        #expect(channel.isFull)
    }

    @Test(arguments: [("websocket", "1.1"), ("SPDY/3.1", "1.0")])
    func whatAsksForSomethingElseIsRefused(upgrade: String, version: String) async throws {
        try await withServer(Self.echo) { _, port in
            let client = try await RawClient(port: port)
            try await client.send(Self.request(upgrade, version: version))
            #expect(await client.readToEnd().contains(" 400 "))
        }
    }

    @Test func aSilentConnectionIsClosed() async throws {
        var configuration = HTTPServerConfiguration()
        configuration.upgradedIdleTimeout = .milliseconds(50)
        try await withServer(Self.echo, configuration: configuration) { _, port in
            let client = try await RawClient(port: port)
            try await client.send(Self.request())
            #expect(await client.readToEnd().hasPrefix("HTTP/1.1 101 "))
        }
    }
}

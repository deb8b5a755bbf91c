import APIProtocol
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Synchronization
import Testing

@testable import HTTPServing

@Suite struct UnreadReplyTests {
    @Test func theNextRequestWaitsUntilTheReplyHasLeft() throws {
        let client = try UnreadClient()
        try client.send(.GET)
        try client.send(.GET)
        client.reply(bytes: 10)
        try client.send(.GET)
        #expect(client.exchanges.count == 1)
        client.network.takeAll()
        #expect(client.exchanges.count == 2)
        client.reply(bytes: 10)
        #expect(client.exchanges.count == 2)
        client.network.takeAll()
        #expect(client.exchanges.count == 3)
        client.close()
    }

    @Test func repliesThatHaveNotLeftAreBoundedTogether() throws {
        let replies = ByteBudget(limit: 4000)
        // What is longer than the whole share is let through, but nothing beside it.
        let first = try UnreadClient(replies)
        try first.send(.GET)
        first.reply(bytes: 9000)
        let second = try UnreadClient(replies)
        for (bytes, status) in [(1025, 429), (1024, 200), (9000, 429)] {
            try second.send(.GET)
            second.reply(bytes: bytes)
            #expect(second.statuses.last == status, "\(bytes)")
            second.network.takeAll()
        }
        #expect(second.retryAfter == "1")
        first.network.takeAll()
        try second.send(.GET)
        second.reply(bytes: 9000)
        #expect(first.statuses == [200])
        #expect(second.statuses.last == 200)
        for client in [first, second] { client.close() }
    }

    @Test func repliesWithoutCredentialsLeaveRoomForOthers() throws {
        let replies = ByteBudget(limit: 16_000)
        var clients: [UnreadClient] = []
        for (token, status) in [(nil, 200), (nil, 429), ("t", 200), ("t", 200), ("t", 429)] as [(String?, UInt)] {
            let client = try UnreadClient(replies)
            try client.send(.GET, token: token)
            client.reply(bytes: 4000 + (token == nil ? 0 : 1000))
            #expect(client.statuses == [Int(status)])
            clients.append(client)
        }
        for client in clients { client.close() }
        #expect(replies.take(16_000, for: .inProcess(.anonymous)), "closing gives everything back")
    }

    @Test func writesAreRefusedBeforeTheyBeginAndNotAfterwards() throws {
        let replies = ByteBudget(limit: 4000)
        let early = try UnreadClient(replies)
        try early.send(.POST)
        let reader = try UnreadClient(replies)
        try reader.send(.GET)
        reader.reply(bytes: 9000)
        let late = try UnreadClient(replies)
        try late.send(.POST)
        late.channel.embeddedEventLoop.run()
        #expect(late.exchanges.isEmpty)
        #expect(late.statuses == [429])
        early.reply(bytes: 9000)
        #expect(early.statuses == [200])
        for client in [early, reader, late] { client.close() }
    }

    @Test func aReplyThatDoesNotLeaveInTimeClosesTheConnection() throws {
        let replies = ByteBudget(limit: 4000)
        let client = try UnreadClient(replies)
        try client.send(.GET)
        client.reply(bytes: 9000)
        client.channel.embeddedEventLoop.advanceTime(by: .seconds(59))
        #expect(client.channel.isActive)
        client.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!client.channel.isActive)
        #expect(replies.take(1000, for: .none))
    }

    @Test func aReplyThatLeftInTimeLeavesTheConnectionOpen() throws {
        let client = try UnreadClient()
        try client.send(.GET)
        client.reply(bytes: 10)
        client.network.takeAll()
        client.channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(client.channel.isActive)
        client.close()
    }
}

/// A connection whose client reads nothing.
private final class UnreadClient {
    let channel = EmbeddedChannel()
    let network = StuckNetwork<HTTPServerResponsePart>()
    private let handler: RequestHandler
    private let taken = Taken()

    init(_ replies: ByteBudget = ByteBudget(limit: 1 << 20)) throws {
        let taken = taken
        handler = RequestHandler(
            configuration: HTTPServerConfiguration(), isHTTP2: false, connection: channel,
            registry: ConnectionRegistry(limit: 1), bodies: ByteBudget(limit: 1 << 20), replies: replies
        ) { exchange in taken.exchanges.withLock { $0.append(exchange) } }
        try channel.pipeline.syncOperations.addHandlers([network, handler])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    /// The requests that were taken.
    var exchanges: [Exchange] { taken.exchanges.withLock { $0 } }
    /// The codes of the replies.
    var statuses: [Int] { heads.map { Int($0.status.code) } }
    /// When the last refusal says to come again.
    var retryAfter: String? { heads.compactMap { $0.headers.first(name: "Retry-After") }.last }

    private var heads: [HTTPResponseHead] {
        network.written.compactMap { part in
            if case .head(let head) = part { head } else { nil }
        }
    }

    func send(_ method: NIOHTTP1.HTTPMethod, token: String? = nil) throws {
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: "/a")
        if let token { head.headers.add(name: "Authorization", value: "Bearer \(token)") }
        try channel.writeInbound(HTTPServerRequestPart.head(head))
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
    }

    /// Answers the request taken last.
    func reply(bytes: Int) {
        guard let exchange = exchanges.last else { return }
        handler.reply(to: exchange, APIResponse(code: 200), ByteBuffer(repeating: 65, count: bytes))
        channel.embeddedEventLoop.run()
    }

    func close() { channel.close(promise: nil) }
}

private final class Taken: Sendable {
    let exchanges = Mutex<[Exchange]>([])
}

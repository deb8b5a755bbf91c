import APIProtocol
import Synchronization
import Testing

@testable import SPDY

@Suite(.timeLimit(.minutes(1))) struct SPDYConnectionTests {
    private static let field = HTTPFields([("streamtype", "stdin")])

    @Test func oneLongMessageIsReadInPieces() async throws {
        var client = try SPDYSession(.client)
        let bytes = try client.open(Self.field).bytes + client.send([UInt8](repeating: 7, count: 1 << 20), on: 1)
        let connection = try SPDYConnection(.server, on: ScriptedBytes([bytes]))
        var (received, largest) = (0, 0)
        while let events = try await connection.events() {
            var step = 0
            for case .data(_, let piece) in events { step += piece.count }
            received += step
            largest = max(largest, step)
        }
        #expect(received == 1 << 20)
        #expect(largest == SPDYConnection.longestPiece)
    }

    /// Streams that are opened and given up at once cost a few bytes each, and their fields much more.
    @Test func whatFewBytesGrowToIsBounded() async throws {
        var client = try SPDYSession(.client)
        var bytes: [UInt8] = []
        let long = HTTPFields([("x", String(repeating: "a", count: 4000))])
        for _ in 0..<10_000 {
            let (stream, opened) = try client.open(long)
            bytes += opened + client.reset(stream, .cancelled)
        }
        let connection = try SPDYConnection(.server, on: ScriptedBytes([bytes]))
        var opened = 0
        while let events = try await connection.events() {
            var size = 0
            for case .opened(_, let headers) in events {
                opened += 1
                size += headers["x"]?.utf8.count ?? 0
            }
            #expect(size < 4 << 20)
        }
        #expect(opened == 10_000)
    }

    @Test func aPeerThatDoesNotReadDoesNotHoldUpTheClose() async throws {
        var client = try SPDYSession(.client)
        let network = ScriptedBytes([try client.open(Self.field).bytes], endsByItself: false, takes: false)
        let connection = try SPDYConnection(.server, on: network)
        _ = try await connection.events()
        await connection.close()
        #expect(network.isClosed.withLock { $0 })
        let events = try client.receive(network.sent.withLock { $0.flatMap { $0 } }).events
        #expect(events == [.ended(1), .goneAway])
    }

    @Test func aClosedConnectionTellsNothingMore() async throws {
        var client = try SPDYSession(.client)
        let bytes = try client.open(Self.field).bytes + client.send([UInt8](repeating: 7, count: 1 << 20), on: 1)
        let connection = try SPDYConnection(.server, on: ScriptedBytes([bytes], endsByItself: false))
        _ = try await connection.events()
        await connection.close()
        #expect(try await connection.events() == nil)
    }
}

import APIProtocol
import Testing

@testable import SPDY

/// What kubectl 1.20 and 1.28 send to open the error stream of an exec, as captured.
let capturedSynStream: [UInt8] = [
    0x80, 0x03, 0x00, 0x01, 0x00, 0x00, 0x00, 0x29, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x78,
    0xf9, 0xe3, 0xc6, 0xa7, 0xc2, 0x62, 0x60, 0x60, 0x60, 0x04, 0xa7, 0xb3, 0x92, 0xa2, 0xd4, 0xc4, 0x5c, 0x68, 0x51,
    0xc2, 0x9a, 0x0a, 0x0a, 0x68, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff,
]

@Suite struct SPDYSessionTests {
    private static let errorStream = HTTPFields([("streamtype", "error")])
    private static let ping: [UInt8] = [0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0]

    @Test func theStreamThatKubectlOpensIsRead() throws {
        var session = try SPDYSession(.server)
        let step = try session.receive(capturedSynStream)
        #expect(step.events == [.opened(1, headers: Self.errorStream)])
        #expect(step.answer == [])
    }

    @Test func everyCutOfTheBytesGivesTheSame() throws {
        let bytes = capturedSynStream + [0, 0, 0, 1, 0, 0, 0, 2] + Array("hi".utf8) + [0, 0, 0, 1, 1, 0, 0, 0]
        for cut in 0...bytes.count {
            var session = try SPDYSession(.server)
            var events = try session.receive(Array(bytes[..<cut])).events
            events += try session.receive(Array(bytes[cut...])).events
            var text: [UInt8] = []
            for case .data(1, let piece) in events { text += piece }
            #expect(text == Array("hi".utf8), "cut at \(cut)")
            #expect(events.first == .opened(1, headers: Self.errorStream))
            #expect(events.last == .ended(1))
        }
    }

    @Test func theFramesThatAreSentAreThoseOfTheDraft() throws {
        var session = try SPDYSession(.server)
        _ = try session.receive(capturedSynStream)
        #expect(
            try session.accept(1) == [
                0x80, 3, 0, 2, 0, 0, 0, 20, 0, 0, 0, 1, 0x48, 0xa8, 0xe3, 0xc6, 0xa7, 0xc2, 0x02, 0xa6, 0x23, 0x06, 0,
                0,
                0, 0, 0xff, 0xff,
            ])
        #expect(session.send(Array("ok".utf8), on: 1) == [0, 0, 0, 1, 0, 0, 0, 2] + Array("ok".utf8))
        #expect(session.end(1) == [0, 0, 0, 1, 1, 0, 0, 0])
        #expect(session.end(1) == [], "an ended stream is not ended twice")
        #expect(session.send([1], on: 1) == [], "nothing is sent after the end")
        #expect(session.reset(1, .refused) == [0x80, 3, 0, 3, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 3])
        #expect(session.goAway() == [0x80, 3, 0, 7, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0])
    }

    @Test func bothSidesUnderstandEachOther() throws {
        var client = try SPDYSession(.client)
        var server = try SPDYSession(.server)
        for number in 0..<50 {
            let fields = HTTPFields([("streamtype", "data"), ("port", "80"), ("requestid", String(number))])
            let (stream, bytes) = try client.open(fields)
            #expect(stream == UInt32(2 * number + 1))
            #expect(try server.receive(bytes).events == [.opened(stream, headers: fields)])
            #expect(try client.receive(server.accept(stream)).events == [.accepted(stream)])
        }
        let long = [UInt8](repeating: 7, count: 3 << 20)
        let events = try server.receive(client.send(long, on: 1)).events
        var received = 0
        for case .data(1, let piece) in events { received += piece.count }
        #expect(received == long.count)
        #expect(try server.receive(client.end(1)).events == [.ended(1)])
        #expect(try client.receive(server.end(1)).events == [.ended(1)])
        #expect(try client.receive(server.reset(3, .cancelled)).events == [.reset(3)])
        #expect(try server.receive(client.goAway()).events.last == .goneAway)
    }

    @Test func pingsOfThePeerAreAnswered() throws {
        var session = try SPDYSession(.server)
        #expect(try session.receive(Self.ping + [5]).answer == Self.ping + [5])
        #expect(try session.receive(Self.ping + [6]).answer == [], "an answer to a ping of ours is none")
    }

    @Test func oneStreamTooManyIsRefused() throws {
        var client = try SPDYSession(.client)
        var server = try SPDYSession(.server, maximumStreams: 2)
        for _ in 0..<2 { _ = try server.receive(client.open(Self.errorStream).bytes) }
        let step = try server.receive(client.open(Self.errorStream).bytes)
        #expect(step.events == [])
        #expect(step.answer == [0x80, 3, 0, 3, 0, 0, 0, 8, 0, 0, 0, 5, 0, 0, 0, 3])
    }

    @Test func whatMeansNothingIsSkipped() throws {
        var session = try SPDYSession(.server)
        let settings: [UInt8] = [0x80, 3, 0, 4, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 7, 0, 1, 0, 0]
        let window: [UInt8] = [0x80, 3, 0, 9, 0, 0, 0, 8, 0, 0, 0, 1, 0, 1, 0, 0]
        let unknownStream: [UInt8] = [0, 0, 0, 9, 1, 0, 0, 1, 65]
        #expect(try session.receive(settings + window + unknownStream) == SPDYSession.Step())
        #expect(try session.receive(capturedSynStream).events.count == 1)
    }

    @Test func whatBreaksTheProtocolIsAnError() throws {
        var even = try SPDYSession(.server)
        let evenStream = try even.open(Self.errorStream).bytes
        let cases: [(String, [UInt8])] = [
            ("another version", [0x80, 2, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1]),
            ("a long control frame", [0x80, 3, 0, 4, 0, 1, 0, 0]),
            ("a short ping", [0x80, 3, 0, 6, 0, 0, 0, 2, 0, 1]),
            ("an empty SYN_STREAM", [0x80, 3, 0, 1, 0, 0, 0, 0]),
            ("a SYN_STREAM without a block", [0x80, 3, 0, 1, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
            ("a stream of the wrong side", evenStream),
            ("a stream opened twice", capturedSynStream + capturedSynStream),
            (
                "a broken block",
                [0x80, 3, 0, 1, 0, 0, 0, 14, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0] + [0x78, 0x9c, 0xff, 0xff]
            ),
        ]
        for (name, bytes) in cases {
            var session = try SPDYSession(.server)
            #expect(throws: SPDYError.self, "\(name)") { _ = try session.receive(bytes) }
        }
    }

    @Test func aBlockThatGrowsWithoutBoundIsAnError() throws {
        var client = try SPDYSession(.client)
        let bomb = HTTPFields([("x", String(repeating: "a", count: 1 << 20))])
        let bytes = try client.open(bomb).bytes
        #expect(bytes.count < 16 << 10, "it must pass the limit of the frame")
        var server = try SPDYSession(.server)
        #expect(throws: SPDYError.self) { _ = try server.receive(bytes) }
    }

    @Test func manyValuesInOneFieldAreAnError() throws {
        for (count, isGood) in [(64, true), (65, false), (2000, false)] {
            var client = try SPDYSession(.client)
            var server = try SPDYSession(.server)
            let values = String(repeating: "\0", count: count - 1)
            let bytes = try client.open(HTTPFields([("x", values)])).bytes
            #expect(((try? server.receive(bytes)) != nil) == isGood, "\(count) values")
        }
    }

    @Test(arguments: 0..<64) func randomBytesNeverTrap(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        for round in 0..<60 {
            var client = try SPDYSession(.client)
            var valid = try client.open(Self.errorStream).bytes
            valid += try client.open(HTTPFields([("streamtype", "stdin")])).bytes
            valid += client.send(Array("some input".utf8), on: 3) + client.end(3) + client.goAway()
            var bytes = round % 3 == 0 ? (0..<400).map { _ in UInt8.random(in: 0...255, using: &random) } : valid
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            var session = try SPDYSession(.server, maximumStreams: 2)
            var rest = bytes[...]
            do {
                while !rest.isEmpty {
                    let piece = rest.prefix(Int.random(in: 1...64, using: &random))
                    rest = rest.dropFirst(piece.count)
                    let step = try session.receive(Array(piece))
                    #expect(step.answer.count <= 64 * 16, "seed \(seed)")
                }
            } catch {
                continue  // the connection would be closed
            }
        }
    }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

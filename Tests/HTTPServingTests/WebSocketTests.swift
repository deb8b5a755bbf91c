import APIProtocol
import HTTPServing
import ObjectModel
import Testing

@Suite(.timeLimit(.minutes(1))) struct WebSocketTests {
    private static let echo = FunctionTransport { _ in
        APIResponse(
            code: 101,
            body: .upgrade(
                ChannelUpgrade(.webSocket(subprotocol: "v5.channel.k8s.io")) { channel in
                    while let message = try? await channel.receive() {
                        if message == Array("bye".utf8) { return }
                        try? await channel.send(message)
                    }
                }))
    }

    private static func handshake(subprotocols: String = "v4.channel.k8s.io, v5.channel.k8s.io") -> String {
        "GET /exec HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            + "Sec-WebSocket-Protocol: \(subprotocols)\r\n\r\n"
    }

    /// A client's frame, masked.
    private static func frame(_ opcode: UInt8, _ text: String, fin: Bool = true) -> [UInt8] {
        let mask: [UInt8] = [1, 2, 3, 4]
        let payload = Array(text.utf8)
        var bytes: [UInt8] = [(fin ? 0x80 : 0) | opcode]
        if payload.count < 126 {
            bytes.append(0x80 | UInt8(payload.count))
        } else if payload.count < 65536 {
            bytes += [0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        } else {
            bytes.append(0xFF)
            bytes += [56, 48, 40, 32, 24, 16, 8, 0].map { UInt8(payload.count >> $0 & 255) }
        }
        return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }

    private func withChannel(_ body: @Sendable (sending RawClient) async throws -> Void) async throws {
        var configuration = HTTPServerConfiguration()
        configuration.maximumMessage = 100_000
        try await withServer(Self.echo, configuration: configuration) { _, port in
            let client = try await RawClient(port: port)
            try await client.send(Self.handshake())
            let head = await client.read(until: "\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 101 "), "\(head)")
            #expect(head.lowercased().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="))
            #expect(head.lowercased().contains("sec-websocket-protocol: v5.channel.k8s.io"))
            try await body(client)
        }
    }

    @Test func messagesGoBothWays() async throws {
        try await withChannel { client in
            for text in ["hello", "", "again"] {
                try await client.send(Self.frame(2, text))
                #expect(await client.read(count: 2 + text.utf8.count) == [0x82, UInt8(text.utf8.count)] + text.utf8)
            }
        }
    }

    @Test func fragmentsAreJoinedAndPingsAnsweredBetween() async throws {
        try await withChannel { client in
            try await client.send(Self.frame(2, "he", fin: false))
            try await client.send(Self.frame(9, "p"))
            #expect(await client.read(count: 3) == [0x8A, 1] + "p".utf8)
            try await client.send(Self.frame(0, "llo"))
            #expect(await client.read(count: 7) == [0x82, 5] + "hello".utf8)
        }
    }

    @Test func manyMessagesAreHeldBackNotLost() async throws {
        try await withChannel { client in
            let text = String(repeating: "x", count: 60_000)
            for _ in 1...30 { try await client.send(Self.frame(2, text)) }
            for _ in 1...30 { #expect(await client.read(count: 60_004).count == 60_004) }
        }
    }

    @Test func theServersEndClosesWith1000() async throws {
        try await withChannel { client in
            try await client.send(Self.frame(2, "bye"))
            #expect(await client.read(count: 4) == [0x88, 2, 0x03, 0xE8])
            try await client.send(Self.frame(8, ""))
            #expect(await client.readToEnd() == "")
        }
    }

    @Test func theClientsCloseIsAnswered() async throws {
        try await withChannel { client in
            try await client.send(Self.frame(8, ""))
            #expect(await client.read(count: 4) == [0x88, 2, 0x03, 0xE8])
            #expect(await client.readToEnd() == "")
        }
    }

    @Test func tooLongMessagesCloseWith1009() async throws {
        try await withChannel { client in
            try await client.send(Self.frame(2, String(repeating: "x", count: 60_000), fin: false))
            try await client.send(Self.frame(0, String(repeating: "x", count: 60_000)))
            #expect(await client.read(count: 4) == [0x88, 2, 0x03, 0xF1])
        }
    }

    @Test func unmaskedFramesCloseWith1002() async throws {
        try await withChannel { client in
            try await client.send([0x82, 1, 65])
            #expect(await client.read(count: 4) == [0x88, 2, 0x03, 0xEA])
        }
    }

    @Test func aSubprotocolThatWasNotOfferedIsRefused() async throws {
        try await withServer(Self.echo) { _, port in
            let client = try await RawClient(port: port)
            try await client.send(Self.handshake(subprotocols: "chat"))
            #expect(await client.readToEnd().hasPrefix("HTTP/1.1 400 "))
        }
    }
}

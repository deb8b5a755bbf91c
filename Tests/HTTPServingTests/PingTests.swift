import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import HTTPServing

@Suite struct PingTests {
    @Test func whileAPongHasNotLeftOnlyTheNewestPingIsRemembered() throws {
        let channel = EmbeddedChannel()
        let network = StuckNetwork<WebSocketFrame>()
        try channel.pipeline.syncOperations.addHandlers([
            network,
            WebSocketHandler(messages: UpgradedChannel(channel: channel), maximumMessage: 1000, onClose: {}),
        ])
        for number in 1...1000 {
            let ping = WebSocketFrame(
                fin: true, opcode: .ping, maskKey: [0, 0, 0, 0], data: ByteBuffer(string: "\(number)"))
            try channel.writeInbound(ping)
        }
        func pongs() -> [String] { network.written.map { String(buffer: $0.data) } }
        #expect(pongs() == ["1"])
        network.takeAll()
        #expect(pongs() == ["1", "1000"])
        network.takeAll()
        #expect(pongs() == ["1", "1000"])
        #expect(network.written.allSatisfy { $0.opcode == .pong })
        channel.close(promise: nil)
    }
}

import Logging
import NIOCore
import NIOEmbedded
import ObjectModel
import ServiceProxy
import Testing

@testable import ClusterDNS

@Suite struct DNSStreamHandlerTests {
    /// Counts how often the channel is asked for more.
    private final class Reads: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        var count = 0
        func read(context: ChannelHandlerContext) {
            count += 1
            context.read()
        }
    }

    private static func channel(_ reads: Reads) throws -> EmbeddedChannel {
        var zone = DNSZone(domain: "cluster.local")
        let service = ServiceProxyRulesetTests.services[0]
        zone.setService(service.key, service.service)
        let server = DNSServer(
            zone: zone, upstreams: UpstreamResolvers(resolvConf: ""),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let channel = EmbeddedChannel()
        let forwarder = BoundForwarder(
            channel: channel, handler: NIOLoopBound(DNSForwarder(upstreams: []), eventLoop: channel.eventLoop))
        try channel.pipeline.syncOperations.addHandlers([
            reads, DNSStreamHandler(server: server, forwarder: forwarder, connections: DNSConnectionCount()),
        ])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private static func questions(_ count: Int) -> ByteBuffer {
        let question = DNSForwardingTests.question("web.default.svc.cluster.local")
        var buffer = ByteBuffer()
        for _ in 0..<count {
            buffer.writeInteger(UInt16(question.count))
            buffer.writeBytes(question)
        }
        return buffer
    }

    private static func answers(_ channel: EmbeddedChannel) throws -> Int {
        var count = 0
        while try channel.readOutbound(as: ByteBuffer.self) != nil { count += 1 }
        return count
    }

    @Test func nothingIsReadForAClientThatTakesNoAnswers() throws {
        let reads = Reads()
        let channel = try Self.channel(reads)
        #expect(reads.count == 1)
        try channel.writeInbound(Self.questions(10))
        #expect(try Self.answers(channel) == 10)
        #expect(reads.count == 2)

        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
        try channel.writeInbound(Self.questions(1000))
        #expect(try Self.answers(channel) == 0)
        #expect(reads.count == 2)

        channel.isWritable = true
        channel.pipeline.fireChannelWritabilityChanged()
        #expect(try Self.answers(channel) == 1000)
        #expect(reads.count == 3)
        _ = try channel.finish()
    }
}

import Kinds
import Logging
import NIOCore
import NIOPosix
import ObjectModel
import Testing

@testable import ClusterDNS

/// Cluster DNS over real sockets, with a resolver of the test's behind it.
@Suite(.timeLimit(.minutes(1))) struct DNSForwardingTests {
    @Test func aQuestionByTCPIsPassedOnByTCP() async throws {
        // Longer than any datagram: only TCP carries it.
        let answer = [UInt8](repeating: 7, count: 40_000)
        let resolver = try await StubResolver(stream: { question in Array(question.prefix(2)) + [0x81, 0x80] + answer })
        try await Self.withServer(resolver) { port in
            let reply = try await StubResolver.askByStream(Self.question("example.org"), port: port)
            #expect(reply.count == 40_004)
            #expect(Array(reply.prefix(2)) == [0x12, 0x34])
        }
    }

    @Test func aResolverWithoutTCPIsAServerFailure() async throws {
        let resolver = try await StubResolver(stream: { _ in nil })
        try await Self.withServer(resolver) { port in
            let reply = try await StubResolver.askByStream(Self.question("example.org"), port: port)
            #expect(reply.prefix(2) == [0x12, 0x34])
            #expect(reply[3] & 0xF == DNSResponseCode.serverFailure.rawValue)
        }
    }

    @Test(arguments: [false, true]) func anExternalNameIsResolvedToItsAddresses(_ isLong: Bool) async throws {
        let resolver = try await StubResolver(
            stream: { Self.reply(to: $0, isTruncated: false) },
            datagram: { Self.reply(to: $0, isTruncated: isLong) })
        let zone = Self.zone(["outside": "www.example.org"])
        try await Self.withServer(resolver, zone: zone) { port in
            let bytes = try await StubResolver.askByStream(
                Self.question("outside.default.svc.cluster.local"), port: port)
            let reply = try #require(DNSReply.parse(bytes))
            #expect(reply.code == .noError)
            let service = DNSName("outside.default.svc.cluster.local")
            let (www, host) = (DNSName("www.example.org"), DNSName("host.example.org"))
            #expect(
                reply.answers == [
                    DNSRecord(name: service, ttl: DNSZone.ttl, data: .cname(www)),
                    DNSRecord(name: www, ttl: 60, data: .cname(host)),
                    DNSRecord(name: host, ttl: 61, data: .a(IPv4Address(number: 0xC000_0207))),
                ])
        }
    }

    @Test func anExternalNameInsideTheClusterIsFollowedThereAndNoLoopIs() throws {
        let zone = Self.zone(["a": "b.default.svc.cluster.local", "b": "a.default.svc.cluster.local"])
        let question = DNSQuestion(name: DNSName("a.default.svc.cluster.local"), type: .a)
        #expect(try #require(zone.answer(question)).answers.count == 8)
        var inside = Self.zone(["alias": "web.default.svc.cluster.local"])
        inside.setService(
            NamespacedName(namespace: "default", name: "web"),
            ServiceView(["metadata": ["name": "web"], "spec": ["clusterIP": "10.96.0.9", "clusterIPs": ["10.96.0.9"]]]))
        let alias = DNSQuestion(name: DNSName("alias.default.svc.cluster.local"), type: .a)
        #expect(inside.answer(alias)?.answers.last?.data == .a(IPv4Address(number: 0x0A60_0009)))
        let only = inside.answer(DNSQuestion(name: alias.name, type: .cname))
        #expect(only?.answers.count == 1)
    }

    @Test func aMalformedReplyIsNone() {
        let whole = Self.reply(to: Self.question("www.example.org"), isTruncated: false)
        #expect(DNSReply.parse(whole)?.answers.count == 2)
        for count in 0..<whole.count { #expect(DNSReply.parse(Array(whole.prefix(count))) == nil) }
    }

    // MARK: Helpers

    /// `www.example.org` is an alias of `host.example.org`, which has an address.
    private static func reply(to question: [UInt8], isTruncated: Bool) -> [UInt8] {
        var writer = DNSWriter()
        writer.number16(UInt16(question[0]) << 8 | UInt16(question[1]))
        writer.number16(isTruncated ? 0x8380 : 0x8180)
        for count in [1, isTruncated ? 0 : 2, 0, 0] { writer.number16(UInt16(count)) }
        let (www, host) = (DNSName("www.example.org"), DNSName("host.example.org"))
        writer.name(www)
        writer.number16(1)
        writer.number16(1)
        if !isTruncated {
            writer.record(DNSRecord(name: www, ttl: 60, data: .cname(host)))
            writer.record(DNSRecord(name: host, ttl: 61, data: .a(IPv4Address(number: 0xC000_0207))))
        }
        return writer.bytes
    }

    private static func zone(_ names: [String: String]) -> DNSZone {
        var zone = DNSZone(domain: "cluster.local")
        for (name, target) in names {
            zone.setService(
                NamespacedName(namespace: "default", name: name),
                ServiceView([
                    "metadata": ["name": .string(name), "namespace": "default"],
                    "spec": ["type": "ExternalName", "externalName": .string(target)],
                ]))
        }
        return zone
    }

    static func question(_ name: String, _ type: DNSRecordType = .a) -> [UInt8] {
        DNSQuery(id: 0x1234, question: DNSQuestion(name: DNSName(name), type: type)).encoded
    }

    /// Runs a server whose resolver is `resolver`; `body` gets its port.
    static func withServer(
        _ resolver: StubResolver, zone: DNSZone = DNSZone(domain: "cluster.local"),
        _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        var upstreams = UpstreamResolvers(resolvConf: "nameserver 127.0.0.1")
        upstreams.port = resolver.port
        let server = DNSServer(
            zone: zone, upstreams: upstreams, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let failure = Failure()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.run(addresses: [IPv4Address(number: 0x7F00_0001)], port: 0) { port in
                    do { try await body(port) } catch { await failure.set(error) }
                    withUnsafeCurrentTask { $0?.cancel() }
                }
            }
            try await group.waitForAll()
        }
        try await resolver.close()
        if let error = await failure.error { throw error }
    }

    private actor Failure {
        var error: (any Error)?
        func set(_ error: any Error) { self.error = error }
    }
}

/// A resolver on 127.0.0.1 that answers as told; nil closes or stays silent.
final class StubResolver: Sendable {
    typealias Answer = @Sendable ([UInt8]) -> [UInt8]?
    private let channels: [any Channel]
    let port: Int

    init(stream: @escaping Answer, datagram: @escaping Answer = { _ in nil }) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let streams = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(StreamStub(stream))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = streams.localAddress?.port ?? 0
        let datagrams = try await DatagramBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DatagramStub(datagram))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        channels = [streams, datagrams]
    }

    func close() async throws { for channel in channels { try await channel.close() } }

    /// Asks one question by TCP; empty when the connection ended without an answer.
    static func askByStream(_ question: [UInt8], port: Int) async throws -> [UInt8] {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: [UInt8].self)
        let channel = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(StreamClient(promise))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        var framed = ByteBuffer(integer: UInt16(question.count))
        framed.writeBytes(question)
        try await channel.writeAndFlush(framed)
        let answer = try await promise.futureResult.get()
        try? await channel.close()
        return answer
    }
}

private final class StreamStub: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let answer: StubResolver.Answer
    init(_ answer: @escaping StubResolver.Answer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let question = Array(unwrapInboundIn(data).readableBytesView.dropFirst(2))
        guard let answer = answer(question) else {
            context.close(promise: nil)
            return
        }
        var framed = ByteBuffer(integer: UInt16(answer.count))
        framed.writeBytes(answer)
        context.channel.writeAndFlush(framed, promise: nil)
    }
}

private final class DatagramStub: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    private let answer: StubResolver.Answer
    init(_ answer: @escaping StubResolver.Answer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard let answer = answer(Array(envelope.data.readableBytesView)) else { return }
        context.channel.writeAndFlush(
            AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: answer)), promise: nil)
    }
}

private final class StreamClient: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let promise: EventLoopPromise<[UInt8]>
    private var bytes: [UInt8] = []
    init(_ promise: EventLoopPromise<[UInt8]>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += Array(unwrapInboundIn(data).readableBytesView)
        guard bytes.count >= 2, bytes.count >= 2 + Int(bytes[0]) << 8 + Int(bytes[1]) else { return }
        promise.succeed(Array(bytes.dropFirst(2)))
    }
    func channelInactive(context: ChannelHandlerContext) { promise.succeed([]) }
}

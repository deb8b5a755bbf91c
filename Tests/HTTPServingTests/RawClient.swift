import NIOCore
import NIOPosix

/// A client that says exactly the bytes a test wants.
final class RawClient {
    private let channel: any Channel
    private var chunks: AsyncStream<[UInt8]>.Iterator
    private var buffer: [UInt8] = []

    init(port: Int) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        chunks = stream.makeAsyncIterator()
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(continuation))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }
    func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }
    func close() async throws { try await channel.close().get() }

    /// Everything up to and with `end`; what came so far when the server closes before.
    func read(until end: String) async -> String {
        let wanted = Array(end.utf8)
        while true {
            if let position = firstIndex(of: wanted) { return take(position + wanted.count) }
            guard await more() else { return take(buffer.count) }
        }
    }

    func read(count: Int) async -> [UInt8] {
        while buffer.count < count, await more() {}
        defer { buffer.removeFirst(min(count, buffer.count)) }
        return Array(buffer.prefix(count))
    }

    func readToEnd() async -> String {
        while await more() {}
        return take(buffer.count)
    }

    private func more() async -> Bool {
        guard let chunk = await chunks.next() else { return false }
        buffer += chunk
        return true
    }

    private func take(_ count: Int) -> String {
        defer { buffer.removeFirst(count) }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    private func firstIndex(of wanted: [UInt8]) -> Int? {
        guard buffer.count >= wanted.count else { return nil }
        return (0...(buffer.count - wanted.count)).first { buffer[$0..<($0 + wanted.count)].elementsEqual(wanted) }
    }
}

private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let output: AsyncStream<[UInt8]>.Continuation

    init(_ output: AsyncStream<[UInt8]>.Continuation) { self.output = output }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        output.yield(Array(unwrapInboundIn(data).readableBytesView))
    }
    func channelInactive(context: ChannelHandlerContext) { output.finish() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

internal import APIProtocol
internal import NIOCore
internal import NIOPosix
internal import NodeInterfaces
internal import SPDY

/// The runtime's streaming server, where CRI's Attach and PortForward lead: HTTP/1.1 upgraded to SPDY/3.1.
enum StreamingServer {
    /// How long the connection and its streams may take.
    private static let openTimeout = TimeAmount.seconds(30)

    /// A connection whose streams are accepted.
    struct Opened {
        let connection: SPDYConnection
        /// The numbers of the streams, in the order asked for.
        let streams: [UInt32]
        /// What the server has already done on them.
        let early: [SPDYSession.Event]
    }

    /// Connects to `url` and opens streams with the given header fields.
    static func open(_ url: StreamingURL, streamProtocol: String, streams: [HTTPFields]) async throws -> Opened {
        let bytes = try await StreamingBytes.connect(host: url.host, port: url.port)
        let limit = bytes.closes(in: openTimeout)
        defer { limit.cancel() }
        do {
            try await bytes.upgrade(url, streamProtocol)
            return try await open(streams, on: try SPDYConnection(.client, on: bytes))
        } catch {
            await bytes.close()
            throw error
        }
    }

    private static func open(_ streams: [HTTPFields], on connection: SPDYConnection) async throws -> Opened {
        var numbers: [UInt32] = []
        for fields in streams { numbers.append(try await connection.open(fields)) }
        var waiting = Set(numbers)
        var early: [SPDYSession.Event] = []
        while !waiting.isEmpty {
            guard let events = try await connection.events() else {
                throw RuntimeError.failed("the runtime's streaming server closed the connection")
            }
            for event in events {
                switch event {
                case .accepted(let stream): waiting.remove(stream)
                case .reset(let stream) where waiting.contains(stream):
                    throw RuntimeError.failed("the runtime's streaming server refused a stream")
                default: early.append(event)
                }
            }
        }
        return Opened(connection: connection, streams: numbers, early: early)
    }
}

/// The bytes of a connection to the streaming server.
struct StreamingBytes: MessageChannel {
    /// The longest header of the answer, in bytes.
    private static let longestHead = 16 << 10

    private let channel: any Channel
    private let handler: NIOLoopBound<PulledBytes>

    static func connect(host: String, port: Int) async throws -> StreamingBytes {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(PulledBytes())
                }
            }
            .connect(host: host, port: port).get()
        let handler = try await channel.eventLoop.submit {
            NIOLoopBound(
                try channel.pipeline.syncOperations.handler(type: PulledBytes.self), eventLoop: channel.eventLoop)
        }.get()
        return StreamingBytes(channel: channel, handler: handler)
    }

    /// Closes the connection after a time, unless cancelled.
    func closes(in time: TimeAmount) -> Scheduled<Void> {
        channel.eventLoop.scheduleTask(in: time) { [channel] in channel.close(promise: nil) }
    }

    func receive() async throws -> [UInt8]? {
        let promise = channel.eventLoop.makePromise(of: [UInt8]?.self)
        channel.eventLoop.execute { handler.value.next(promise) }
        return try await promise.futureResult.get()
    }

    func send(_ message: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: message)).get()
    }

    func close(sending last: [UInt8]) async {
        if !last.isEmpty { channel.writeAndFlush(ByteBuffer(bytes: last), promise: nil) }
        try? await channel.close().get()
    }

    func untilClosed() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        channel.closeFuture.whenComplete { _ in continuation.finish() }
        for await _ in stream {}
    }

    /// Sends the request and reads the header of the answer; `failed` when the server refuses.
    func upgrade(_ url: StreamingURL, _ streamProtocol: String) async throws {
        let request =
            "POST \(url.path) HTTP/1.1\r\nHost: \(url.host):\(url.port)\r\nContent-Length: 0\r\n"
            + "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: \(streamProtocol)\r\n\r\n"
        try await send(Array(request.utf8))
        let accepted = Array("HTTP/1.1 101 ".utf8)
        var head: [UInt8] = []
        // Nothing comes behind the header of a good answer: the server waits for streams.
        while !head.hasSuffix("\r\n\r\n".utf8) {
            guard head.count < Self.longestHead, head.prefix(accepted.count).elementsEqual(accepted.prefix(head.count)),
                let piece = try await receive()
            else { throw RuntimeError.failed("the runtime's streaming server answered \(Self.firstLine(head))") }
            head += piece
        }
    }

    private static func firstLine(_ head: [UInt8]) -> String {
        let line = String(decoding: head.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
        return line.isEmpty ? "nothing" : line
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ end: String.UTF8View) -> Bool { suffix(end.count).elementsEqual(end) }
}

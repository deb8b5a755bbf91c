internal import APIProtocol
internal import NIOCore
internal import ObjectModel
internal import Synchronization

/// Something that happens once. One task waits.
final class Signal: Sendable {
    private let stream: AsyncStream<Never>
    private let continuation: AsyncStream<Never>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func raise() { continuation.finish() }
    /// Waits until it happened or the task is cancelled.
    func wait() async { for await _ in stream {} }
}

/// One request on its way: what its task and its connection's event loop share.
///
/// The task runs `serve`. The event loop calls `end` when the client has gone; the server calls it when it stops.
final class Exchange: Sendable {
    enum End: Sendable {
        case clientGone
        case serverStops
    }

    let request: APIRequest
    private let eventLoop: any EventLoop
    private let handler: NIOLoopBound<RequestHandler>
    private let ended = Mutex<End?>(nil)
    private let signal = Signal()

    init(request: APIRequest, handler: RequestHandler, eventLoop: any EventLoop) {
        self.request = request
        self.eventLoop = eventLoop
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
    }

    /// Ends a streaming reply; the first reason counts.
    func end(_ reason: End) {
        ended.withLock { $0 = $0 ?? reason }
        signal.raise()
    }

    /// Asks the transport and sends its answer.
    func serve(by transport: any APITransport, in registry: ConnectionRegistry) async {
        let response = await answer(of: transport)
        switch response.body {
        case .bytes(let bytes): reply(response, bytes)
        case .tree(let tree): reply(response, JSON.write(tree))
        case .events(let stream):
            // Only whoever takes trees is answered so.
            stream.cancel()
            refuse(.internalError("a watch was answered with trees"))
        case .stream(let stream) where request.method == .head:
            stream.cancel()
            reply(response, [])
        case .stream(let stream):
            registry.streamBegan(self)
            await send(response, stream)
            registry.streamEnded(self)
        case .upgrade(let upgrade):
            registry.streamBegan(self)
            await talk(upgrade, response.headers)
            registry.streamEnded(self)
        }
    }

    /// Refuses a request that the server has no room for.
    func refuse(_ status: APIStatus) {
        let response = APIResponse.status(status)
        guard case .bytes(let bytes) = response.body else { return }
        reply(response, bytes)
    }

    private func answer(of transport: any APITransport) async -> APIResponse {
        do throws(TransportError) {
            return try await transport.send(request)
        } catch {
            switch error {
            case .unreachable(let reason), .lostReply(let reason): return .status(.unavailable(reason))
            case .cancelled: return .status(.unavailable("the server is stopping"))
            }
        }
    }

    private func reply(_ response: APIResponse, _ bytes: [UInt8]) {
        eventLoop.execute { self.handler.value.reply(to: self, response, ByteBuffer(bytes: bytes)) }
    }

    /// Sends piece after piece: the next is pulled when the one before has left, so a slow client slows the source.
    private func send(_ response: APIResponse, _ stream: ByteStream) async {
        let endedWell = await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.pump(stream, response) }
            group.addTask {
                await self.signal.wait()
                return self.ended.withLock { $0 } == .serverStops
            }
            let first = await group.next() ?? false
            stream.cancel()
            group.cancelAll()
            return first
        }
        eventLoop.execute { self.handler.value.finish(self, well: endedWell) }
    }

    private func pump(_ stream: ByteStream, _ response: APIResponse) async -> Bool {
        do {
            try await onLoop { handler, promise in handler.begin(self, response, promise) }
            while let piece = try await stream.next(), !Task.isCancelled {
                guard !piece.isEmpty else { continue }
                try await onLoop { handler, promise in handler.write(ByteBuffer(bytes: piece), of: self, promise) }
            }
            return true
        } catch {
            return false
        }
    }

    private func talk(_ upgrade: ChannelUpgrade, _ headers: HTTPFields) async {
        let promise = eventLoop.makePromise(of: UpgradedChannel?.self)
        eventLoop.execute { self.handler.value.upgrade(self, upgrade.wire, headers, promise) }
        guard let channel = (try? await promise.futureResult.get()) ?? nil else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await self.signal.wait()
                // The signal's task is also ended by cancellation, when `run` has returned.
                if self.ended.withLock({ $0 }) != nil { await channel.close() }
            }
            await upgrade.run(channel)
            group.cancelAll()
        }
        await channel.close()
    }

    private func onLoop(
        _ body: @escaping @Sendable (RequestHandler, EventLoopPromise<Void>) -> Void
    ) async throws {
        let promise = eventLoop.makePromise(of: Void.self)
        eventLoop.execute { body(self.handler.value, promise) }
        try await promise.futureResult.get()
    }
}

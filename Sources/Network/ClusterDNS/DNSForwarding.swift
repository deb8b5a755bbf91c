internal import Logging
internal import NIOCore
internal import NIOPosix
package import ObjectModel

/// The resolvers of the machine, as `/etc/resolv.conf` names them.
package struct UpstreamResolvers: Sendable, Hashable {
    /// Their addresses, in order.
    package let addresses: [IPv4Address]
    /// Where they listen; for tests.
    var port = 53

    /// Reads the text of resolv.conf. At most three servers count, as in glibc; `own` addresses are left out, so that a
    /// question never comes back to its asker.
    package init(resolvConf text: String, except own: Set<IPv4Address> = []) {
        let servers = text.split(separator: "\n").compactMap { line -> IPv4Address? in
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count >= 2, words[0] == "nameserver" else { return nil }
            return IPv4Address(String(words[1]))
        }
        addresses = Array(servers.filter { !own.contains($0) }.prefix(3))
    }
}

/// Passes questions about other names on to the machine's resolvers.
///
/// Limits: 512 questions by UDP and 128 by TCP in flight, beyond which the answer is SERVFAIL; 2 s for each resolver in
/// turn, then SERVFAIL. Answers pass through unchanged but for the id, truncated ones too: the client then asks by TCP,
/// and TCP questions are passed on by TCP.
final class DNSForwarder: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    static let maximumInFlight = 512
    static let maximumStreams = 128
    static let patience = TimeAmount.seconds(2)

    private struct Pending {
        let originalID: UInt16
        let question: ByteBuffer
        var attempt: Int
        let promise: EventLoopPromise<ByteBuffer>
        var deadline: Scheduled<Void>?
    }

    let upstreams: [SocketAddress]
    /// How many questions are being asked by TCP.
    var streams = 0
    var loop: (any EventLoop)? { context?.eventLoop }
    private var pending: [UInt16: Pending] = [:]
    private var nextID = UInt16.random(in: .min ... .max)
    private var context: ChannelHandlerContext?

    init(upstreams: [SocketAddress]) { self.upstreams = upstreams }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        for entry in pending.values { entry.promise.fail(ChannelError.alreadyClosed) }
        pending = [:]
    }

    /// Asks the resolvers. Must be called on the channel's event loop.
    func ask(_ question: ByteBuffer) -> EventLoopFuture<ByteBuffer>? {
        guard let context, !upstreams.isEmpty, pending.count < Self.maximumInFlight, question.readableBytes >= 12 else {
            return nil
        }
        while pending[nextID] != nil { nextID &+= 1 }
        let id = nextID
        nextID &+= UInt16.random(in: 1...97)
        let promise = context.eventLoop.makePromise(of: ByteBuffer.self)
        let original = question.getInteger(at: question.readerIndex, as: UInt16.self) ?? 0
        pending[id] = Pending(originalID: original, question: question, attempt: 0, promise: promise)
        send(id)
        return promise.futureResult
    }

    private func send(_ id: UInt16) {
        guard let context, var entry = pending[id] else { return }
        guard entry.attempt < upstreams.count else {
            pending[id] = nil
            entry.promise.fail(ChannelError.connectTimeout(Self.patience))
            return
        }
        var datagram = entry.question
        datagram.setInteger(id, at: datagram.readerIndex)
        let envelope = AddressedEnvelope(remoteAddress: upstreams[entry.attempt], data: datagram)
        entry.attempt += 1
        // The handler lives on this loop only; the deadline runs there too.
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        entry.deadline = context.eventLoop.scheduleTask(in: Self.patience) { bound.value.send(id) }
        pending[id] = entry
        context.writeAndFlush(wrapOutboundOut(envelope), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard upstreams.contains(envelope.remoteAddress),
            let id = envelope.data.getInteger(at: envelope.data.readerIndex, as: UInt16.self),
            let entry = pending.removeValue(forKey: id)
        else { return }
        entry.deadline?.cancel()
        var answer = envelope.data
        answer.setInteger(entry.originalID, at: answer.readerIndex)
        entry.promise.succeed(answer)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}

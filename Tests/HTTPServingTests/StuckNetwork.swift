import NIOCore

/// Stands for a network that takes nothing until it is told to: what is written stays, and its promises are open.
final class StuckNetwork<Part>: ChannelOutboundHandler {
    typealias OutboundIn = Part

    /// All that was written.
    private(set) var written: [Part] = []
    private var promises: [EventLoopPromise<Void>] = []

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        written.append(unwrapOutboundIn(data))
        if let promise { promises.append(promise) }
    }

    func flush(context: ChannelHandlerContext) {}

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        end { $0.fail(ChannelError.ioOnClosedChannel) }
        context.close(mode: mode, promise: promise)
    }

    /// What is written leaves.
    func takeAll() { end { $0.succeed() } }

    private func end(_ how: (EventLoopPromise<Void>) -> Void) {
        let ended = promises
        promises = []
        for promise in ended { how(promise) }
    }
}

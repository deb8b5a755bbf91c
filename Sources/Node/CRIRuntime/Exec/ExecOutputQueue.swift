internal import APIProtocol
internal import NIOCore
internal import Synchronization

/// Outputs of a command on their way to one reader. Past `limit` bytes its pipes are not read on, so that the command
/// waits.
final class ExecOutputQueue: Sendable {
    /// How many unread bytes stop the pipes.
    static let limit = 1 << 20

    private struct State {
        var outputs: [ExecOutput] = []
        var bytes = 0
        var openPipes: Int
        var channels: [any Channel] = []
        var reader: CheckedContinuation<Void, Never>?
        var isCancelled = false

        mutating func takeReader() -> CheckedContinuation<Void, Never>? {
            defer { reader = nil }
            return reader
        }
    }
    private let state: Mutex<State>

    /// A queue that ends when `pipes` pipes have ended.
    init(pipes: Int) { state = Mutex(State(openPipes: pipes)) }

    /// Adds a pipe's channel, to be read again when there is room.
    func add(_ channel: any Channel) { state.withLock { $0.channels.append(channel) } }

    /// Adds bytes; false when the pipe should wait before it reads on.
    func append(_ output: ExecOutput, count: Int) -> Bool {
        let (reader, hasRoom) = state.withLock { state in
            state.outputs.append(output)
            state.bytes += count
            return (state.takeReader(), state.bytes < Self.limit)
        }
        reader?.resume()
        return hasRoom
    }

    /// Whether pipes may read on.
    var hasRoom: Bool { state.withLock { $0.bytes < Self.limit } }

    /// One pipe has ended.
    func pipeEnded() {
        let reader = state.withLock { state in
            state.openPipes -= 1
            return state.takeReader()
        }
        reader?.resume()
    }

    /// The next output; nil when all pipes have ended or the reader was cancelled.
    func next() async -> ExecOutput? {
        while true {
            switch step() {
            case .output(let output, let channels):
                for channel in channels { channel.read() }
                return output
            case .ended: return nil
            case .wait: await wait()
            }
        }
    }

    private enum Step {
        case output(ExecOutput, resume: [any Channel])
        case ended
        case wait
    }

    private func step() -> Step {
        state.withLock { state in
            guard let first = state.outputs.first else {
                return state.openPipes <= 0 || state.isCancelled ? .ended : .wait
            }
            state.outputs.removeFirst()
            let wasFull = state.bytes >= Self.limit
            state.bytes -= first.byteCount
            return .output(first, resume: wasFull && state.bytes < Self.limit ? state.channels : [])
        }
    }

    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    if !state.outputs.isEmpty || state.openPipes <= 0 || state.isCancelled { return true }
                    state.reader = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            cancel()
        }
    }

    private func cancel() {
        let reader = state.withLock { state in
            state.isCancelled = true
            return state.takeReader()
        }
        reader?.resume()
    }
}

extension ExecOutput {
    fileprivate var byteCount: Int {
        switch self {
        case .stdout(let bytes), .stderr(let bytes): bytes.count
        case .exit: 0
        }
    }
}

/// Moves what a pipe gives into the queue.
final class ExecPipeReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let queue: ExecOutputQueue
    private let wrap: ([UInt8]) -> ExecOutput

    init(_ queue: ExecOutputQueue, wrap: @escaping ([UInt8]) -> ExecOutput) {
        self.queue = queue
        self.wrap = wrap
    }

    func channelActive(context: ChannelHandlerContext) { context.read() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(unwrapInboundIn(data).readableBytesView)
        _ = queue.append(wrap(bytes), count: bytes.count)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if queue.hasRoom { context.read() }
    }

    func channelInactive(context: ChannelHandlerContext) { queue.pipeEnded() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

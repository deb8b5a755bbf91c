internal import APIProtocol
internal import ObjectModel
internal import Synchronization

/// Carries the bytes of one connection after the other between a client and a pod.
struct PortForwarder: Sendable {
    let pod: NamespacedName
    let podUID: String
    let node: any NodeConnection

    /// A port number from 1; nil for anything else.
    static func port(_ text: String) -> Int? { UInt16(text).flatMap { $0 > 0 ? Int($0) : nil } }

    /// Connects to `port`, sends what `input` brings and gives what comes back to `output`, until the pod's side ends
    /// or the task is cancelled. The reason when there was no good end. Then `input` is aborted, so that nobody waits to
    /// write into it.
    func forward(
        port: Int, input: PacedPipe, output: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async -> String? {
        let connection: any ForwardedConnection
        do throws(APIStatus) {
            connection = try await node.portForward(PortForwardRequest(pod: pod, podUID: podUID, port: port))
        } catch {
            input.abort()
            return "error forwarding port \(port) to pod \(pod.name), uid \(podUID): \(error.message)"
        }
        return await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await Self.send(input, to: connection) }
                group.addTask {
                    // A pod that does not read holds the sender, one that says nothing the receiver.
                    await input.untilAborted()
                    await connection.close()
                }
                let failure = await Self.receive(from: connection, output)
                await connection.close()
                input.abort()
                return failure
            }
        } onCancel: {
            input.abort()
        }
    }

    private static func send(_ input: PacedPipe, to connection: any ForwardedConnection) async {
        do {
            while let bytes = await input.next() { try await connection.send(bytes) }
            if !input.isAborted { try await connection.endOfInput() }
        } catch {
            // The pod's side is gone, which the other direction sees.
            input.abort()
        }
    }

    private static func receive(
        from connection: any ForwardedConnection, _ output: @Sendable ([UInt8]) async throws -> Void
    ) async -> String? {
        do {
            while let bytes = try await connection.receive() { try await output(bytes) }
            return nil
        } catch {
            return (error as? APIStatus)?.message
        }
    }
}

/// Bytes from one writer to one reader. A writer that is `limit` bytes ahead (each piece counted with 64 more) waits.
final class PacedPipe: Sendable {
    /// How far the writer may be ahead, in bytes.
    static let limit = 256 << 10
    /// What a piece costs beside its bytes.
    private static let pieceCost = 64

    private struct State {
        var pieces: [[UInt8]] = []
        var bytes = 0
        var hasEnded = false
        var isAborted = false
        var reader: CheckedContinuation<Void, Never>?
        var writer: CheckedContinuation<Void, Never>?

        mutating func wakeAll() -> [CheckedContinuation<Void, Never>] {
            defer { (reader, writer) = (nil, nil) }
            return [reader, writer].compactMap { $0 }
        }
    }

    private let state = Mutex(State())
    private let gone = AsyncStream.makeStream(of: Never.self)

    /// Adds bytes; nothing after the end.
    func write(_ piece: [UInt8]) async {
        let waiting: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard !state.hasEnded, !piece.isEmpty else { return nil }
            state.pieces.append(piece)
            state.bytes += piece.count + Self.pieceCost
            defer { state.reader = nil }
            return state.reader
        }
        waiting?.resume()
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                if state.bytes <= Self.limit || state.hasEnded { return true }
                state.writer = continuation
                return false
            }
            if goesOn { continuation.resume() }
        }
    }

    /// The next bytes; nil at the end.
    func next() async -> [UInt8]? {
        while true {
            let (piece, hasEnded, writer) = state.withLock { state in
                guard !state.pieces.isEmpty else {
                    return ([UInt8]?.none, state.hasEnded, CheckedContinuation<Void, Never>?.none)
                }
                let piece = state.pieces.removeFirst()
                state.bytes -= piece.count + Self.pieceCost
                defer { if state.bytes <= Self.limit { state.writer = nil } }
                return (piece, false, state.bytes <= Self.limit ? state.writer : nil)
            }
            writer?.resume()
            if let piece { return piece }
            if hasEnded { return nil }
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    if !state.pieces.isEmpty || state.hasEnded { return true }
                    state.reader = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        }
    }

    /// Nothing more comes; what is there is still read.
    func end() { finish { $0.hasEnded = true } }

    /// Nothing more is read or written.
    func abort() {
        finish { state in
            state.hasEnded = true
            state.isAborted = true
            state.pieces = []
            state.bytes = 0
        }
        gone.continuation.finish()
    }

    /// Waits until it is aborted or the task is cancelled. One task waits.
    func untilAborted() async { for await _ in gone.stream {} }

    /// Whether it was aborted.
    var isAborted: Bool { state.withLock { $0.isAborted } }

    private func finish(_ change: (inout State) -> Void) {
        let waiting = state.withLock { state in
            change(&state)
            return state.wakeAll()
        }
        for continuation in waiting { continuation.resume() }
    }
}

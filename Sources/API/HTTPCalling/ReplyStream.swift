internal import APIProtocol
internal import AsyncHTTPClient
internal import NIOCore
internal import Synchronization

/// The body of a reply as a `ByteStream`.
///
/// `@unchecked` because the library's iterator is not Sendable: a ByteStream has one reader at a time, and only it
/// touches the iterator.
final class ReplyStream: @unchecked Sendable {
    private var iterator: HTTPClientResponse.Body.AsyncIterator
    private let interrupt = Interrupt()

    init(_ body: HTTPClientResponse.Body) { iterator = body.makeAsyncIterator() }

    var stream: ByteStream {
        ByteStream(next: { try await self.next() }, cancel: { self.interrupt.raise() })
    }

    /// The next piece; nil at the end and after `cancel`.
    private func next() async throws -> [UInt8]? {
        try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask { try await self.read() }
            group.addTask {
                await self.interrupt.wait()
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    private func read() async throws -> [UInt8]? {
        try await iterator.next().map { Array($0.readableBytesView) }
    }
}

/// Something that may happen once and stays so; one task waits at a time.
final class Interrupt: Sendable {
    private struct State {
        var raised = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func raise() {
        state.withLock { $0.raised = true }
        release()
    }

    /// Waits until it was raised or the task is cancelled.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    guard !state.raised, !Task.isCancelled else { return false }
                    state.waiter = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            release()
        }
    }

    private func release() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}

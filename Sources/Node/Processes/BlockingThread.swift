#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Work that blocks its thread, on a thread of its own, so that the cooperative pool keeps its few threads.
package enum BlockingThread {
    /// Runs `body` on a new thread and returns what it returns. Cancelling the caller does not interrupt it.
    package static func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            start { continuation.resume(returning: body()) }
        }
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Runs `body` on a new thread and does not wait for it.
    static func start(_ body: @escaping @Sendable () -> Void) {
        let context = Unmanaged.passRetained(Work(body))
        var thread = pthread_t(bitPattern: 0)
        let code = withUnsafeMutablePointer(to: &thread) { pointer in
            pthread_create(pointer, nil, Self.entry, context.toOpaque())
        }
        guard code == 0 else {
            // No thread to be had: blocking this one is slow, failing would lose the work.
            context.takeRetainedValue().body()
            return
        }
        pthread_detach(thread)
    }

    private static let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body() }
        return nil
    }
}

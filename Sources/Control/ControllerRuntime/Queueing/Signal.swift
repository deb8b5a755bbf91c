internal import Synchronization

/// Wakes one waiting task. Signals given while nobody waits are remembered as one.
package final class Signal: Sendable {
    private struct State {
        var isPending = false
        var waiter: CheckedContinuation<Void, Never>?
    }
    private let state = Mutex(State())

    /// A signal that has not been given.
    package init() {}

    /// Wakes the waiting task, or lets the next `wait` return at once.
    package func give() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let waiter = state.waiter else {
                state.isPending = true
                return nil
            }
            state.waiter = nil
            return waiter
        }
        waiter?.resume()
    }

    /// Returns when the signal was given, or when the task is cancelled. One task waits at a time.
    package func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state -> Bool in
                    // Whoever is cancelled leaves the signal to the next that waits.
                    if Task.isCancelled { return true }
                    if state.isPending {
                        state.isPending = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }

    /// Whether it was given and nobody has waited for it since.
    package var isPending: Bool { state.withLock { $0.isPending } }

    /// Waits for the signal, but no longer than `duration` (nil: without limit). Whether it came before that.
    @discardableResult
    package func wait(
        atMost duration: Duration?, sleep: @escaping @Sendable (Duration) async throws -> Void
    ) async -> Bool {
        guard let duration else {
            await wait()
            return true
        }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.wait()
                return true
            }
            group.addTask {
                try? await sleep(duration)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }
}

package import ObjectModel
internal import Synchronization

/// One watcher's place in the events of a store: a bounded buffer between the store and a reader.
///
/// The store calls `deliver`; one reader calls `next` in a loop. At `capacity` undelivered events beside the backlog
/// the subscription ends with `watcherFellBehind`, and what was buffered is dropped.
package final class EventSubscription: Sendable {
    private struct State {
        var buffer: [StoreEvent] = []
        var waiter: CheckedContinuation<Void, Never>?
        var failure: StoreError?
        var woken = false
        var progress: Revision
    }

    /// The most undelivered events.
    package static let defaultCapacity = 4096

    /// What is watched.
    package let range: KeyRange
    private let capacity: Int
    private let state: Mutex<State>
    private let onCancel: @Sendable (EventSubscription) -> Void

    /// A subscription that begins with `backlog`, complete up to `revision`. `onCancel` tells the store that nobody
    /// reads any more.
    package init(
        range: KeyRange, backlog: [StoreEvent], through revision: Revision, capacity: Int = defaultCapacity,
        onCancel: @escaping @Sendable (EventSubscription) -> Void
    ) {
        self.range = range
        // The backlog is shared with the store's log and bounded by it; a reader that just came has not fallen behind.
        self.capacity = capacity + backlog.count
        self.onCancel = onCancel
        state = Mutex(State(buffer: backlog, progress: revision))
    }

    /// Hands over changes in revision order; those outside the range only move `progress`.
    package func deliver(_ events: [StoreEvent]) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.failure == nil, let last = events.last else { return nil }
            state.progress = last.revision
            let relevant = events.filter { range.contains($0.current.key) }
            guard !relevant.isEmpty else { return nil }
            if state.buffer.count + relevant.count > capacity {
                state.buffer = []
                state.failure = .watcherFellBehind
            } else {
                state.buffer.append(contentsOf: relevant)
            }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// The next changes, waits for them; none only after `wake`. Throws `cancelled` when the task is cancelled or
    /// `cancel` was called, `watcherFellBehind` at the limit.
    package func next() async throws(StoreError) -> [StoreEvent] {
        while true {
            let taken = state.withLock { state -> Result<[StoreEvent]?, StoreError> in
                if let failure = state.failure { return .failure(failure) }
                guard !state.buffer.isEmpty || state.woken else { return .success(nil) }
                defer {
                    state.buffer = []
                    state.woken = false
                }
                return .success(state.buffer)
            }
            if let events = try taken.get() { return events }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let ready = state.withLock { state in
                        guard state.buffer.isEmpty, state.failure == nil, !state.woken, !Task.isCancelled else {
                            return true
                        }
                        state.waiter = continuation
                        return false
                    }
                    if ready { continuation.resume() }
                }
            } onCancel: {
                cancel()
            }
            if Task.isCancelled { throw .cancelled }
        }
    }

    /// What waits in the buffer, without waiting for more: for a reader that catches up only when it needs to.
    package func takeBuffered() throws(StoreError) -> [StoreEvent] {
        let taken = state.withLock { state -> Result<[StoreEvent], StoreError> in
            if let failure = state.failure { return .failure(failure) }
            defer { state.buffer = [] }
            return .success(state.buffer)
        }
        return try taken.get()
    }

    /// Makes a waiting `next` (or the following one) return at once, with what there is: how a reader keeps a deadline.
    package func wake() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.woken = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Whether `next` would return without waiting.
    package var isReady: Bool { state.withLock { !$0.buffer.isEmpty || $0.woken || $0.failure != nil } }

    /// The revision up to which everything in the range has been handed to the reader; nil while changes wait in the
    /// buffer. What a bookmark may carry.
    package var deliveredThrough: Revision? {
        state.withLock { $0.buffer.isEmpty ? $0.progress : nil }
    }

    /// Ends the subscription; a waiting `next` throws `cancelled`.
    package func cancel() { end(.cancelled) }

    /// Ends the subscription with a failure.
    package func end(_ failure: StoreError) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.failure == nil { state.failure = failure }
            state.buffer = []
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
        onCancel(self)
    }
}

package import ObjectModel
internal import Synchronization

/// One watcher's place in the events of a store: a bounded buffer between the store and a reader.
///
/// The store calls `deliver`; one reader calls `next` in a loop. At `capacity` undelivered events, or at
/// `maximumBytes` of them, beside the backlog the subscription ends with `watcherFellBehind`, and what was buffered is
/// dropped. One delivery to a reader who has taken everything is never too long.
package final class EventSubscription: Sendable {
    private struct State {
        var buffer: [StoreEvent] = []
        /// How many events of the backlog are left in the buffer, at its front.
        var backlog: Int
        /// The bytes of the others.
        var bytes = 0
        var waiter: CheckedContinuation<Void, Never>?
        var failure: StoreError?
        var woken = false

        /// Takes whole events from the front, until they are `limit` bytes or more.
        mutating func take(limit: Int) -> [StoreEvent] {
            var count = 0
            var length = 0
            while count < buffer.count, length < limit {
                length += buffer[count].length
                if count >= backlog { bytes -= buffer[count].length }
                count += 1
            }
            backlog = max(0, backlog - count)
            defer { buffer.removeFirst(count) }
            return count == buffer.count ? buffer : Array(buffer[..<count])
        }
    }

    /// The most undelivered events.
    package static let defaultCapacity = 4096
    /// The most bytes of undelivered events.
    package static let defaultMaximumBytes = 32 << 20

    /// What is watched.
    package let range: KeyRange
    private let capacity: Int
    private let maximumBytes: Int
    private let start: Revision
    private let published: PublishedRevision
    private let state: Mutex<State>
    private let onCancel: @Sendable (EventSubscription) -> Void

    /// A subscription that begins with `backlog`, complete up to `revision`; `published` tells how far the store is since.
    /// `onCancel` tells the store that nobody reads any more.
    package init(
        range: KeyRange, backlog: [StoreEvent], through revision: Revision, published: PublishedRevision,
        capacity: Int = defaultCapacity, maximumBytes: Int = defaultMaximumBytes,
        onCancel: @escaping @Sendable (EventSubscription) -> Void
    ) {
        self.range = range
        // The backlog is shared with the store's log and bounded by it; a reader that just came has not fallen behind.
        self.capacity = capacity
        self.maximumBytes = maximumBytes
        self.onCancel = onCancel
        start = revision
        self.published = published
        state = Mutex(State(buffer: backlog, backlog: backlog.count))
    }

    /// Hands over changes of the range, in revision order.
    package func deliver(_ events: [StoreEvent]) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.failure == nil, !events.isEmpty else { return nil }
            let bytes = state.bytes + events.reduce(0) { $0 + $1.length }
            let isFull = state.buffer.count - state.backlog + events.count > capacity || bytes > maximumBytes
            if isFull, !state.buffer.isEmpty {
                state.buffer = []
                state.failure = .watcherFellBehind
            } else {
                state.buffer.append(contentsOf: events)
                state.bytes = bytes
            }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// The next changes, waits for them; none only after `wake`. No more than `limit` bytes of them, but for what the
    /// last one is longer. Throws `cancelled` when the task is cancelled or `cancel` was called, `watcherFellBehind` at
    /// a limit.
    package func next(limit: Int = .max) async throws(StoreError) -> [StoreEvent] {
        while true {
            let taken = state.withLock { state -> Result<[StoreEvent]?, StoreError> in
                if let failure = state.failure { return .failure(failure) }
                guard !state.buffer.isEmpty || state.woken else { return .success(nil) }
                state.woken = false
                return .success(state.take(limit: limit))
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
            return .success(state.take(limit: .max))
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
        // Read first: what is handed over from now on is not counted.
        let reached = max(start, published.revision)
        return state.withLock { $0.buffer.isEmpty ? reached : nil }
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

extension StoreEvent {
    /// How much of memory, and of a reply, an event takes at most: a watcher is shown one of its objects.
    fileprivate var length: Int { max(current.object.bytes.count, previous?.object.bytes.count ?? 0) }
}

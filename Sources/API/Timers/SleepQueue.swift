internal import Dispatch
internal import HeapModule
internal import Synchronization

/// Sleeping tasks, woken by one timer. Beside `Task.sleep`: a sleep that is cancelled leaves nothing behind, and most are
/// cancelled, since they only limit how long something else may take. (`Task.sleep` keeps some 7 KB until the time is over.)
///
/// Wakes within some milliseconds after the time, never before; after a suspend of the machine at once, what fell due
/// meanwhile. No limit but memory: about 100 bytes for each sleeper.
package final class SleepQueue: Sendable {
    private struct Place: Comparable {
        let due: ContinuousClock.Instant
        let number: Int

        static func < (left: Place, right: Place) -> Bool { (left.due, left.number) < (right.due, right.number) }
    }

    private struct State {
        /// Who is to be woken when. Those that were cancelled stay until they are most of it, or come to the front.
        var places = Heap<Place>()
        var sleepers: [Int: CheckedContinuation<Void, any Error>] = [:]
        var next = 0
        /// When the timers fire; nil while they do not.
        var armed: ContinuousClock.Instant?
        var timers: Timers?
    }

    /// Dispatch's clocks: one stands still while the machine is suspended, the other is set by people. What fires first
    /// looks at the time.
    private struct Timers {
        let uptime: any DispatchSourceTimer
        let wall: any DispatchSourceTimer

        init(_ fire: @escaping @Sendable () -> Void) {
            (uptime, wall) = (DispatchSource.makeTimerSource(), DispatchSource.makeTimerSource())
            for timer in [uptime, wall] {
                timer.setEventHandler(handler: fire)
                timer.schedule(deadline: .distantFuture)
                timer.activate()
            }
        }

        func schedule(after interval: DispatchTimeInterval) {
            uptime.schedule(deadline: .now() + interval, leeway: SleepQueue.leeway)
            wall.schedule(wallDeadline: .now() + interval, leeway: SleepQueue.leeway)
        }

        func cancel() {
            uptime.cancel()
            wall.cancel()
        }
    }

    /// The longest that a timer is early or late by itself.
    private static let leeway = DispatchTimeInterval.milliseconds(1)
    /// Below this many places nothing is cleared away before its time.
    private static let negligible = 256

    /// One for the whole process.
    package static let shared = SleepQueue()

    private let state = Mutex(State())

    /// A queue without sleepers.
    package init() {}

    deinit { state.withLock { $0.timers?.cancel() } }

    /// Waits; throws `CancellationError` as soon as the task is cancelled.
    package func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        guard duration > .zero else { return await Task.yield() }
        let due = ContinuousClock.now + duration
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isWaiting = state.withLock { state -> Bool in
                    if Task.isCancelled { return false }
                    state.sleepers[number] = continuation
                    state.places.insert(Place(due: due, number: number))
                    arm(&state)
                    return true
                }
                if !isWaiting { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                defer { Self.clear(&state) }
                return state.sleepers.removeValue(forKey: number)
            }
            sleeper?.resume(throwing: CancellationError())
        }
    }

    /// How many places are kept, those of cancelled sleepers included.
    var placeCount: Int { state.withLock { $0.places.count } }

    /// Drops the places of cancelled sleepers when they are most of what is kept.
    private static func clear(_ state: inout State) {
        guard state.places.count > max(negligible, 4 * state.sleepers.count) else { return }
        state.places = Heap(state.places.unordered.filter { state.sleepers[$0.number] != nil })
    }

    /// Sees to it that the timer fires for the first of the places.
    private func arm(_ state: inout State) {
        guard let first = state.places.min, first.due < state.armed ?? first.due + .seconds(1) else { return }
        state.armed = first.due
        let timers = state.timers ?? Timers { [weak self] in self?.fire() }
        state.timers = timers
        timers.schedule(after: Self.interval(until: first.due))
    }

    private static func interval(until due: ContinuousClock.Instant) -> DispatchTimeInterval {
        let (seconds, attoseconds) = max(due - .now, .zero).components
        // A day at a time is enough: what fires too early only looks.
        return .nanoseconds(Int(min(seconds, 86400)) * 1_000_000_000 + Int(attoseconds / 1_000_000_000) + 1)
    }

    private func fire() {
        let now = ContinuousClock.now
        let due = state.withLock { state in
            var due: [CheckedContinuation<Void, any Error>] = []
            while let first = state.places.min, first.due <= now || state.sleepers[first.number] == nil {
                state.places.removeMin()
                if let sleeper = state.sleepers.removeValue(forKey: first.number) { due.append(sleeper) }
            }
            state.armed = nil
            arm(&state)
            return due
        }
        for sleeper in due { sleeper.resume() }
    }
}

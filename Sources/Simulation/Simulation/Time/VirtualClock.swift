package import APIServer
package import ControllerRuntime
package import ObjectModel
internal import Synchronization

/// Time that passes only when nothing else can happen: `advance` goes to the next moment that somebody waits for.
package final class VirtualClock: Sendable {
    private struct Sleeper {
        let due: Duration
        let number: Int
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var uptime = Duration.zero
        /// How far the time of day has jumped.
        var jump = Duration.zero
        /// Ordered by time, then by who came first.
        var sleepers: [Sleeper] = []
        var nextNumber = 0
    }

    private static let start = Timestamp(seconds: 1_800_000_000)
    private let state = Mutex(State())

    /// A clock at its beginning.
    package init() {}

    /// The time of day, which can jump.
    package var now: Timestamp { state.withLock { Self.start + $0.uptime + $0.jump } }
    /// The time since the beginning, which cannot.
    package var uptime: Duration { state.withLock { $0.uptime } }

    /// Moves the time of day.
    package func jump(by duration: Duration) { state.withLock { $0.jump += duration } }

    /// Goes to the next moment somebody waits for and wakes them; false when nobody waits, or only after `limit`.
    package func advance(notBeyond limit: Duration) -> Bool {
        let due = state.withLock { state -> [Sleeper]? in
            guard let first = state.sleepers.first, first.due <= limit else { return nil }
            state.uptime = max(state.uptime, first.due)
            let count = state.sleepers.prefix { $0.due <= state.uptime }.count
            defer { state.sleepers.removeFirst(count) }
            return Array(state.sleepers.prefix(count))
        }
        guard let due else { return false }
        for sleeper in due { sleeper.continuation.resume() }
        return true
    }

    /// Waits; throws when the task is cancelled.
    package func sleep(_ duration: Duration) async throws {
        if duration <= .zero {
            await Task.yield()
            return try Task.checkCancellation()
        }
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state -> Bool in
                    if Task.isCancelled { return true }
                    let sleeper = Sleeper(
                        due: state.uptime + duration, number: number, continuation: continuation)
                    let place = state.sleepers.partitioningIndex { $0.due > sleeper.due }
                    state.sleepers.insert(sleeper, at: place)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let place = state.sleepers.firstIndex(where: { $0.number == number }) else { return nil }
                return state.sleepers.remove(at: place)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// The clock as controllers and agents take it; one that is held up wakes late.
    package func controlClock(_ random: SeededRandom, _ link: Link) -> ControlClock {
        ControlClock(
            now: { self.now }, uptime: { self.uptime },
            sleep: { duration in
                try await self.sleep(duration)
                await link.waitUntilThawed(self)
            }, random: { random.unit() })
    }

    /// The clock as the server takes it.
    package func serverEnvironment(_ random: SeededRandom) -> ServerEnvironment {
        ServerEnvironment(
            now: { self.now }, makeUID: { random.uuid() }, random: { random.number(in: $0) },
            sleep: { try await self.sleep($0) })
    }
}

extension Array {
    /// The first index whose element satisfies the predicate, in an array where those come last.
    fileprivate func partitioningIndex(where belongsToLast: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if belongsToLast(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

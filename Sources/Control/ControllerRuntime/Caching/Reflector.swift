package import APIProtocol
package import ObjectModel

/// Keeps a copy of a resource up to date: the synchronous machine that decides when to list, watch and wait.
///
/// Guarantees: a watch continues from the last revision that was applied; a gap (410) is closed by a new list;
/// failures in a row wait ever longer, 0.1 s to 30 s with jitter. Bookmarks only move the revision.
package struct Reflector: Sendable {
    /// What it is doing.
    package enum State: Sendable, Hashable {
        case idle
        case listing
        case watching(after: Revision)
        /// Waits, then goes on with a list or (with a revision) a watch.
        case backingOff(watchAfter: Revision?)
    }

    /// What happened.
    package enum Event: Sendable {
        case started
        case listed(ObjectList)
        case received(WatchEvent)
        case watchEnded
        case failed(APIError)
        case waited
        case relistRequested
    }

    /// What to do.
    package enum Action: Sendable {
        case list
        case watch(after: Revision)
        case replace(ObjectList)
        case apply(WatchEvent)
        case wait(Duration)
    }

    /// What it is doing.
    package private(set) var state = State.idle
    private var failures = 0
    private var receivedAny = false
    private let backOff: BackOff

    /// A machine that has not started.
    package init(backOff: BackOff = .watches) { self.backOff = backOff }

    /// Takes an event; `random` in 0..<1 spreads waiting times. The actions are to be done in order.
    package mutating func handle(_ event: Event, random: Double) -> [Action] {
        switch (event, state) {
        case (.started, _), (.relistRequested, _), (.waited, .backingOff(watchAfter: nil)):
            return list()
        case (.listed(let objects), .listing):
            return [.replace(objects)] + watch(after: objects.revision)
        case (.received(let event), .watching(let last)):
            failures = 0
            receivedAny = true
            state = .watching(after: max(last, event.object.revision ?? .zero))
            return [.apply(event)]
        case (.watchEnded, .watching(let last)):
            if receivedAny { return watch(after: last) }
            return wait(watchAfter: last, random)
        case (.failed(let error), .watching(let last)):
            if error.code != 410 { return wait(watchAfter: last, random) }
            // The first time at once: the history was merely compacted.
            failures += 1
            return failures == 1 ? list() : wait(watchAfter: nil, random, counted: true)
        case (.failed, .listing):
            return wait(watchAfter: nil, random)
        case (.waited, .backingOff(.some(let last))):
            return watch(after: last)
        default:
            return []
        }
    }

    private mutating func list() -> [Action] {
        state = .listing
        return [.list]
    }

    private mutating func watch(after revision: Revision) -> [Action] {
        receivedAny = false
        state = .watching(after: revision)
        return [.watch(after: revision)]
    }

    private mutating func wait(watchAfter: Revision?, _ random: Double, counted: Bool = false) -> [Action] {
        if !counted { failures += 1 }
        state = .backingOff(watchAfter: watchAfter)
        return [.wait(backOff.delay(failures: failures, random: random))]
    }
}

internal import ObjectModel

/// Keeps a key from being looked at before the caches show what was last written for it.
///
/// Per key and kind, never global. What is not seen within 10 s makes the cache list anew; the list then answers.
package struct Barrier<Key: Hashable & Sendable>: Sendable {
    private enum Condition: Sendable {
        case revision(Revision)
        case deletion(NamespacedName, uid: String)
        case relist(Int)
    }

    private struct Wait: Sendable {
        var cache: any RevisionedCache
        var condition: Condition

        var isMet: Bool {
            switch condition {
            case .revision(let revision): cache.revision >= revision
            case .deletion(let key, let uid): cache.hasSeenDeletion(of: key, uid: uid)
            case .relist(let number): cache.answeredRelist >= number
            }
        }
    }

    private struct Blocked: Sendable {
        var waits: [Wait]
        var deadline: Duration
    }

    /// How long to wait for a watch before listing anew.
    package static var patience: Duration { .seconds(10) }

    private let caches: [APIResource: any RevisionedCache]
    private var blocked: [Key: Blocked] = [:]
    private var parked: Set<Key> = []

    /// A barrier over these caches; writes of other kinds are not waited for.
    package init(_ caches: [any RevisionedCache]) {
        self.caches = Dictionary(caches.map { ($0.resource, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Notes what a key wrote.
    package mutating func expect(_ expectations: [Expectation], of key: Key, now: Duration) {
        let waits = expectations.compactMap { expectation -> Wait? in
            guard let cache = caches[expectation.resource] else { return nil }
            switch expectation.condition {
            case .revision(let revision): return Wait(cache: cache, condition: .revision(revision))
            case .deletion(let key, let uid): return Wait(cache: cache, condition: .deletion(key, uid: uid))
            case .freshList: return Wait(cache: cache, condition: .relist(cache.requestRelist()))
            }
        }.filter { !$0.isMet }
        if !waits.isEmpty { blocked[key] = Blocked(waits: waits, deadline: now + Self.patience) }
    }

    /// Whether the key may be looked at; if not, it is handed out by `release` later.
    package mutating func admits(_ key: Key) -> Bool {
        guard let waits = blocked[key]?.waits else { return true }
        if waits.allSatisfy(\.isMet) {
            blocked[key] = nil
            return true
        }
        parked.insert(key)
        return false
    }

    /// The keys that were not admitted and may be looked at by now. Whatever is met is forgotten, so that keys that
    /// nobody looks at again leave nothing behind.
    package mutating func release() -> [Key] {
        for (key, entry) in blocked where entry.waits.allSatisfy(\.isMet) { blocked[key] = nil }
        let free = parked.filter { blocked[$0] == nil }
        parked.subtract(free)
        return Array(free)
    }

    /// How many keys are held back or would be.
    package var count: Int { blocked.count }

    /// When the next parked key has waited long enough; nil when none waits.
    package var nextDeadline: Duration? { parked.compactMap { blocked[$0]?.deadline }.min() }

    /// Asks for new lists on behalf of the keys that have waited long enough at `now`.
    package mutating func relistOverdue(now: Duration) {
        for key in parked {
            guard let entry = blocked[key], entry.deadline <= now else { continue }
            let waits = entry.waits.filter { !$0.isMet }.map {
                Wait(cache: $0.cache, condition: .relist($0.cache.requestRelist()))
            }
            blocked[key] = Blocked(waits: waits, deadline: now + Self.patience)
        }
    }
}

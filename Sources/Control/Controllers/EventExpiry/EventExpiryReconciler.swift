internal import APIProtocol
package import ControllerRuntime
internal import Kinds
package import ObjectModel

/// Deletes Events that have been silent for an hour, upstream's lifetime of an Event.
package struct EventExpiryReconciler: Reconciler {
    /// How long a silent Event is kept.
    package static let lifetime = Duration.seconds(3600)
    /// Those that fall due within this time of each other go together, so that a quiet machine is woken rarely.
    private static let batch: Int64 = 60

    /// A reconciler.
    package init() {}

    /// The event, as the cache has it.
    package func observe(_ key: NamespacedName, in cache: ObjectCache<EventAge>) -> CachedObject<EventAge>? {
        cache.object(key)
    }

    /// Deletes it, or looks again when it is due.
    package func reconcile(_ event: CachedObject<EventAge>, at now: Timestamp) -> Plan {
        if event.isBeingDeleted { return .nothing }
        let left = Self.timeLeft(event.view, at: now)
        if left > .zero { return Plan(recheckAfter: left, explanation: "not due yet") }
        return Plan([.delete(.init(.events, event.key, uid: event.uid))], explanation: "it expired")
    }

    /// The time until an event is deleted: when its lifetime is over, rounded up to a whole minute of the clock.
    package static func timeLeft(_ event: EventAge, at now: Timestamp) -> Duration {
        let left = lifetime - (event.age(now) ?? .zero)
        guard left > .zero else { return .zero }
        let due = now + left
        let (period, rest) = (batch * 1_000_000_000, due.nanoseconds % (batch * 1_000_000_000))
        return left + .nanoseconds(rest == 0 ? 0 : period - rest)
    }
}

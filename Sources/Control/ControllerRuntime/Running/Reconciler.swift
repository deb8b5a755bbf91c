package import ObjectModel

/// The pure heart of a controller: what was observed → what to do.
///
/// Both functions are pure, total and synchronous. `observe` reads caches through their indices or by name, never by a
/// full scan; what it reads may be stale, but includes everything that this controller wrote for the key before.
/// A plan may be cut off at any action and is then made anew from what is observed.
package protocol Reconciler: Sendable {
    /// What is reconciled at a time.
    associatedtype Key: Hashable & Sendable
    /// The caches it reads.
    associatedtype Caches: Sendable
    /// What it needs to know about a key.
    associatedtype Observed

    /// What is known about the key; nil when there is nothing to reconcile.
    func observe(_ key: Key, in caches: Caches) -> Observed?
    /// What to do about it.
    func reconcile(_ observed: Observed, at now: Timestamp) -> Plan
}

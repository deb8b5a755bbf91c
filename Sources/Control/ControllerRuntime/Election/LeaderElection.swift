package import ObjectModel

/// Who leads among processes that do the same work: client-go's rules on a Lease, as a state machine.
///
/// Guarantees: others take the lease only when they have seen no renewal for its whole duration (15 s by their own clock),
/// and the holder counts itself as leading only for 10 s (by its own) from when it sent its last successful renewal. So no
/// two lead at a time, however the times of day differ, while a write takes less than 5 s on its way and nobody but the
/// participants writes the lease. Whoever deletes or empties it lets a second one lead until the first has read it.
package struct LeaderElection: Sendable {
    /// How long things take.
    package struct Terms: Sendable, Hashable {
        /// After so long without a renewal others may take the lease.
        package var leaseDuration = Duration.seconds(15)
        /// After so long without a renewal the holder does not lead any more.
        package var renewDeadline = Duration.seconds(10)
        /// The time between two attempts.
        package var retryPeriod = Duration.seconds(2)

        /// kube-controller-manager's terms.
        package init() {}
    }

    /// What to write to claim the lease.
    package enum Claim: Sendable, Equatable {
        /// There is none yet.
        case create(Value)
        /// This version of it, with its resourceVersion.
        case update(Value)
    }

    /// The resource of leases.
    package static let resource = APIResource(group: "coordination.k8s.io", kind: "Lease", plural: "leases")

    /// Who this is; no two processes have one name.
    package let identity: String
    /// Which lease.
    package let key: NamespacedName
    /// How long things take.
    package let terms: Terms

    /// The lease as it was last seen; nil when it has to be read first.
    private var known: Value?
    /// The version that was last seen new, and when.
    private var observed: (version: Revision?, at: Duration)?
    /// When the last successful claim was sent; nil without one.
    private var renewed: Duration?

    /// A process that has not tried yet.
    package init(_ identity: String, lease key: NamespacedName, terms: Terms = Terms()) {
        self.identity = identity
        self.key = key
        self.terms = terms
    }

    /// Until when this process leads; nil when it does not.
    package var leadsUntil: Duration? { renewed.map { $0 + terms.renewDeadline } }

    /// Whether this process leads.
    package func isLeading(at uptime: Duration) -> Bool { leadsUntil.map { uptime < $0 } ?? false }

    /// The renewal that needs no reading, since nobody else can have written; nil: read the lease, then `claim`.
    package func renewal(now: Timestamp, uptime: Duration) -> Value? {
        guard isLeading(at: uptime), let known else { return nil }
        return lease(from: known, now: now)
    }

    /// What was read (nil: there is no lease), and what to write then; nil when somebody else holds it.
    package mutating func claim(on lease: Value?, now: Timestamp, uptime: Duration) -> Claim? {
        guard let lease else { return .create(self.lease(from: nil, now: now)) }
        if observed == nil || observed?.version != lease.revision { observed = (lease.revision, uptime) }
        let holder = lease["spec", "holderIdentity"]?.string ?? ""
        let length = Duration.bounded(seconds: lease["spec", "leaseDurationSeconds"]?.int ?? 0)
        let seen = observed?.at ?? uptime
        // Somebody else has it, whatever this process thought.
        if holder != identity { renewed = nil }
        guard holder.isEmpty || holder == identity || seen + length <= uptime else { return nil }
        return .update(self.lease(from: lease, now: now))
    }

    /// A claim that was sent at `begun` was written, as `lease`.
    package mutating func succeeded(_ lease: Value, begun: Duration) {
        known = lease
        observed = (lease.revision, begun)
        renewed = begun
    }

    /// A claim was not written, or nobody knows whether it was: the lease is read before the next.
    package mutating func failed() { known = nil }

    private func lease(from former: Value?, now: Timestamp) -> Value {
        var lease: Value =
            former ?? [
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": ["name": .string(key.name), "namespace": .string(key.namespace)],
            ]
        let isMine = lease["spec", "holderIdentity"]?.string == identity
        if !isMine {
            lease["spec", "acquireTime"] = .string(now.microText)
            let changes = lease["spec", "leaseTransitions"]?.int ?? 0
            lease["spec", "leaseTransitions"] = .integer(former == nil ? 0 : Int64(changes).addingSaturating(1))
        }
        lease["spec", "holderIdentity"] = .string(identity)
        lease["spec", "leaseDurationSeconds"] = .integer(terms.leaseDuration.components.seconds)
        lease["spec", "renewTime"] = .string(now.microText)
        return lease
    }
}

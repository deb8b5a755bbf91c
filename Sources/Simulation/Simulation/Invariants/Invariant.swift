/// What must hold at every moment, or once everything has healed.
package enum Invariant: String, Sendable, CaseIterable {
    /// No two pods of one name run containers at the same time.
    case oneLivePodPerIdentity = "one live pod per identity"
    /// A ReadWriteOnce claim is used on one node at a time.
    case oneNodePerClaim = "one node per claim"
    /// With OrderedReady a pod is made only after all before it have become ready.
    case orderedCreation = "ordered creation"
    /// With OrderedReady the highest ordinal goes first and alone when a set is scaled down.
    case orderedScaleDown = "ordered scale-down"
    /// An update replaces pods from the highest ordinal down to the partition.
    case orderedUpdate = "ordered update"
    /// An update makes no more pods unavailable than it may.
    case maxUnavailable = "maxUnavailable"
    /// A pod that has been ready is not replaced to free a stuck rollout.
    case recoverySparesReadyPods = "recovery spares ready pods"
    /// No claim is deleted unless the set's policy says so.
    case claimsAreKept = "claims are kept"
    /// A set's status tells of nothing that was not so.
    case statusIsNotAhead = "status is not ahead"
    /// Only the holder of the lease writes for the control plane.
    case oneLeader = "one leader"
    /// Watches are ordered, unique and complete.
    case watchesAreFaithful = "watches are faithful"
    /// After healing every set is as its spec says.
    case goalIsReached = "the goal is reached"
    /// Then nothing is written any more.
    case restIsQuiet = "rest is quiet"
    /// No object stays whose owner is gone.
    case noOrphans = "no orphans"
    /// Every process ends when it is told to.
    case processesEnd = "processes end"
}

/// An invariant that did not hold.
package struct Violation: Sendable, Hashable, CustomStringConvertible {
    /// Which one.
    package let invariant: Invariant
    /// The time since the simulation began.
    package let time: Duration
    /// What was seen.
    package let text: String
    package var description: String { "\(time): \(invariant.rawValue): \(text)" }
}

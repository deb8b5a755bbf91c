package import Kinds
package import ObjectModel

/// Which of two active pods of a ReplicaSet goes first when there are too many (upstream's `ActivePodsWithRanks`).
///
/// The first difference decides: not bound to a node; Pending before Unknown before Running; not ready; the smaller
/// `controller.kubernetes.io/pod-deletion-cost`; more pods of the same Deployment on its node; ready for a shorter
/// time; more restarts; younger. Times are compared by orders of magnitude (powers of two), and within one by uid.
package struct DeletionRanking: Sendable {
    private let neighbours: [String: Int]
    private let now: Timestamp

    /// A ranking at `now`. `neighbours` are the active pods of the set and of its siblings, counted by node.
    package init(neighbours: [String: Int], now: Timestamp) {
        self.neighbours = neighbours
        self.now = now
    }

    /// Whether `left` goes before `right`.
    package func goesFirst(_ left: PodView, _ right: PodView) -> Bool {
        if left.isScheduled != right.isScheduled { return !left.isScheduled }
        if left.phaseRank != right.phaseRank { return left.phaseRank < right.phaseRank }
        if left.isReady != right.isReady { return !left.isReady }
        if left.deletionCost != right.deletionCost { return left.deletionCost < right.deletionCost }
        let (leftNeighbours, rightNeighbours) = (neighbours(of: left), neighbours(of: right))
        if leftNeighbours != rightNeighbours { return leftNeighbours > rightNeighbours }
        if left.isReady, right.isReady,
            let verdict = isYounger(left, left.readySince, right, right.readySince)
        {
            return verdict
        }
        if left.restarts != right.restarts { return left.restarts > right.restarts }
        if left.sidecarRestarts != right.sidecarRestarts { return left.sidecarRestarts > right.sidecarRestarts }
        return isYounger(left, left.metadata.creationTimestamp, right, right.metadata.creationTimestamp) ?? false
    }

    private func neighbours(of pod: PodView) -> Int { neighbours[pod.spec.nodeName] ?? 0 }

    /// Nil when the times are the same.
    private func isYounger(_ left: PodView, _ first: Timestamp?, _ right: PodView, _ second: Timestamp?) -> Bool? {
        if first == second { return nil }
        guard let first, let second else { return first == nil }
        let (leftAge, rightAge) = (magnitude(of: first), magnitude(of: second))
        return leftAge == rightAge ? left.metadata.uid < right.metadata.uid : leftAge < rightAge
    }

    /// The logarithm of the nanoseconds since `time`, to the base of 2; -1 when that is not in the past.
    private func magnitude(of time: Timestamp) -> Int {
        let age = (now - time).nanoseconds
        return age > 0 ? Int64.bitWidth - 1 - age.leadingZeroBitCount : -1
    }
}

extension PodView {
    fileprivate var readySince: Timestamp? { readyCondition?.lastTransitionTime }

    fileprivate var phaseRank: Int {
        switch status.phase {
        case "Pending": 0
        case "Unknown": 1
        case "Running": 2
        default: 0
        }
    }

    /// What the annotation says; 0 without one, or when it is no number of 32 bits.
    fileprivate var deletionCost: Int32 {
        let text = metadata.annotations["controller.kubernetes.io/pod-deletion-cost"] ?? ""
        guard let first = text.first, text == "0" || (first != "+" && first != "0") else { return 0 }
        return Int32(text) ?? 0
    }

    fileprivate var restarts: Int { status.containerStatuses.map(\.restartCount).max() ?? 0 }

    fileprivate var sidecarRestarts: Int {
        let sidecars = Set(spec.initContainers.filter(\.isRestartable).map(\.name))
        return status.initContainerStatuses.filter { sidecars.contains($0.name) }.map(\.restartCount).max() ?? 0
    }
}

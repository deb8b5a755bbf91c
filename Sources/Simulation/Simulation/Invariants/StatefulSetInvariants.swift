internal import Kinds
internal import ObjectModel
internal import ObjectStorage

/// The rules of a StatefulSet, judged at each write of the control plane by what it could know.
struct StatefulSetInvariants {
    let history: ClusterHistory
    let change: ObservedChange
    private(set) var found: [(Invariant, String)] = []

    private var since: Duration { change.time - ClusterHistory.staleness }

    init(_ history: ClusterHistory, _ change: ObservedChange) {
        self.history = history
        self.change = change
    }

    /// What the change breaks. `history` does not have it yet.
    static func judge(_ change: ObservedChange, _ history: ClusterHistory) -> [(Invariant, String)] {
        guard change.sender == SimulatedCluster.controlProcess else { return [] }
        var judge = StatefulSetInvariants(history, change)
        switch change.new["kind"]?.string {
        case "Pod": judge.judgePod()
        case "PersistentVolumeClaim": judge.judgeClaim()
        case "StatefulSet": judge.judgeStatus()
        default: break
        }
        return judge.found
    }

    private mutating func judgePod() {
        let pod = PodView(change.new)
        guard let owner = pod.metadata.controller,
            let set = history.sets[NamespacedName(namespace: pod.metadata.namespace, name: owner.name)],
            set.view.metadata.uid == owner.uid, let ordinal = Self.ordinal(pod.metadata.name)
        else { return }
        if change.kind == .created { return judgeCreation(ordinal, of: set) }
        let wasTerminating = change.old.map { PodView($0).isTerminating } ?? false
        guard !wasTerminating, pod.isTerminating || change.kind == .deleted else { return }
        // Whoever the garbage collector takes is in no order.
        guard set.gone == nil, set.deleting == nil else { return }
        judgeDeletion(of: change.old.map { PodView($0) } ?? pod, ordinal, of: set)
    }

    private mutating func judgeCreation(_ ordinal: Int, of set: ClusterHistory.StatefulSet) {
        guard !set.view.isParallel else { return }
        // What is true of some version that it may have known.
        let isRight = set.versions(since: since).contains { version in
            (version.startOrdinal..<max(version.startOrdinal, ordinal)).allSatisfy { lower in
                wasReady("\(version.metadata.name)-\(lower)", version)
            }
        }
        if !isRight { found.append((.orderedCreation, "\(change.new.name) before all below it were ready")) }
    }

    private func wasReady(_ name: String, _ set: StatefulSetView) -> Bool {
        let key = NamespacedName(namespace: set.metadata.namespace, name: name)
        return (history.pods[key] ?? []).contains { $0.wasReady(since: since) }
    }

    private mutating func judgeDeletion(of pod: PodView, _ ordinal: Int, of set: ClusterHistory.StatefulSet) {
        if pod.isTerminal { return }
        let versions = set.versions(since: since)
        var failures: [(Invariant, String)] = []
        for version in versions {
            let isKept = (version.startOrdinal..<version.startOrdinal + version.replicas).contains(ordinal)
            let failure = isKept ? updateFailure(pod, ordinal, version) : scaleDownFailure(pod, ordinal, version)
            guard let failure else { return }
            failures.append(failure)
        }
        if let first = failures.first { found.append(first) }
    }

    private func scaleDownFailure(_ pod: PodView, _ ordinal: Int, _ set: StatefulSetView) -> (Invariant, String)? {
        if set.isParallel { return nil }
        let higher = history.pods(of: set, since: change.time).filter { other in
            guard let number = Self.ordinal(other.view.metadata.name), number > ordinal else { return false }
            return other.gone == nil && other.created < since
        }
        guard let first = higher.first else { return nil }
        return (.orderedScaleDown, "\(pod.metadata.name) goes while \(first.view.metadata.name) is there")
    }

    private func updateFailure(_ pod: PodView, _ ordinal: Int, _ set: StatefulSetView) -> (Invariant, String)? {
        guard case .rollingUpdate(let partition, let limit) = set.updateStrategy else {
            return (.orderedUpdate, "\(pod.metadata.name) is replaced, but the strategy is OnDelete")
        }
        let lowest = set.startOrdinal + partition
        if ordinal < lowest {
            return (.orderedUpdate, "\(pod.metadata.name) is replaced below the partition \(partition)")
        }
        let known = history.pods[pod.metadata.namespacedName]?.last { $0.view.metadata.uid == pod.metadata.uid }
        if known?.lastReady == nil { return nil }
        let others = Self.members(set).filter { $0 != ordinal && $0 >= lowest }
        let unavailable = others.filter { !wasReady("\(set.metadata.name)-\($0)", set) }
        let most = Self.most(limit, replicas: set.replicas)
        if unavailable.count >= most, known?.isReady == true {
            let above = unavailable.contains { $0 > ordinal }
            let kind: Invariant = most > 1 ? .maxUnavailable : above ? .recoverySparesReadyPods : .maxUnavailable
            if most > 1 || above {
                return (kind, "\(pod.metadata.name) is replaced while \(unavailable) have long been unavailable")
            }
        }
        return nil
    }

    private static func members(_ set: StatefulSetView) -> Range<Int> {
        set.startOrdinal..<set.startOrdinal + max(0, set.replicas)
    }

    private static func most(_ limit: Value?, replicas: Int) -> Int {
        if let count = limit?.int { return max(1, count) }
        if let text = limit?.string, let percent = Int(text.dropLast()) {
            return max(1, (replicas * percent + 99) / 100)
        }
        return 1
    }

    private mutating func judgeClaim() {
        let isDeleted = change.kind == .deleted || (change.new.isBeingDeleted && change.old?.isBeingDeleted == false)
        guard isDeleted, change.old?.isBeingDeleted == false else { return }
        let set = history.sets.values.first { set in
            change.new.name.contains("-\(set.view.metadata.name)-")
                && set.view.metadata.namespace == change.new.namespace
        }
        guard let set else { return }
        let allows = set.versions(since: since).contains {
            $0.claimRetention.deletesWhenScaled || $0.claimRetention.deletesWhenDeleted
        }
        if !allows { found.append((.claimsAreKept, "\(change.new.name) is deleted")) }
    }

    private mutating func judgeStatus() {
        guard change.kind == .updated, change.old?["status"] != change.new["status"] else { return }
        let set = StatefulSetView(change.new)
        let pods = history.pods(of: set, since: since)
        let status = set.status
        let ready = pods.filter { $0.wasReady(since: since) }.count
        let updated = pods.filter { $0.view.metadata.labels["controller-revision-hash"] == status.updateRevision }.count
        if status.replicas > pods.count { ahead("\(status.replicas) replicas of \(pods.count)") }
        if status.readyReplicas > ready { ahead("\(status.readyReplicas) ready of \(ready)") }
        if status.availableReplicas > ready { ahead("\(status.availableReplicas) available of \(ready)") }
        if status.updatedReplicas > updated { ahead("\(status.updatedReplicas) updated of \(updated)") }
        if status.observedGeneration > set.metadata.generation { ahead("generation \(status.observedGeneration)") }
    }

    private mutating func ahead(_ text: String) { found.append((.statusIsNotAhead, "\(change.new.name): \(text)")) }

    static func ordinal(_ name: String) -> Int? {
        name.lastIndex(of: "-").flatMap { Int(name[name.index(after: $0)...]) }
    }
}

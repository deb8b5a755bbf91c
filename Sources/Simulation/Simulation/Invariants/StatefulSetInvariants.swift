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
        guard change.isByControl else { return [] }
        var judge = StatefulSetInvariants(history, change)
        judge.judgeLeader()
        switch change.new["kind"]?.string {
        case "Pod": judge.judgePod()
        case "PersistentVolumeClaim": judge.judgeClaim()
        case "StatefulSet": judge.judgeStatus()
        default: break
        }
        return judge.found
    }

    /// Whoever writes leads, but for the lease itself.
    private mutating func judgeLeader() {
        guard change.new["kind"] != "Lease", let leader = history.leader, leader != change.sender else { return }
        let what = "\(change.kind) \(change.new["kind"]?.string ?? "") \(change.new.name)"
        found.append((.oneLeader, "\(change.sender) writes (\(what)) while \(leader) leads"))
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
        let known = history.pods[pod.metadata.namespacedName]?.last { $0.view.metadata.uid == pod.metadata.uid }
        let wasReady = known?.lastReady != nil
        let isBelow = ordinal < set.startOrdinal + partition
        let revision = pod.metadata.labels["controller-revision-hash"]
        if isBelow, wasReady || revision == set.status.currentRevision {
            return (.orderedUpdate, "\(pod.metadata.name) is replaced below the partition \(partition)")
        }
        if wasReady, !set.isParallel, known?.wasReady(since: since) == false {
            // An update waits until all are ready, so only what frees a stuck rollout can have done this.
            return (.recoverySparesReadyPods, "\(pod.metadata.name) was ready once, is not, and is replaced")
        }
        return known?.isReady == true ? unavailabilityFailure(pod, ordinal, set, limit) : nil
    }

    private func unavailabilityFailure(
        _ pod: PodView, _ ordinal: Int, _ set: StatefulSetView, _ limit: IntOrPercent
    ) -> (Invariant, String)? {
        let most = Self.most(limit, replicas: set.replicas)
        let others = Self.members(set).filter { $0 != ordinal }.map { "\(set.metadata.name)-\($0)" }
        let away = others.filter {
            history.isTakenAway(NamespacedName(namespace: set.metadata.namespace, name: $0)) || !self.wasReady($0, set)
        }
        guard away.count >= most else { return nil }
        return (.maxUnavailable, "\(pod.metadata.name) is replaced while \(away) are away and \(most) may be")
    }

    private static func members(_ set: StatefulSetView) -> Range<Int> {
        set.startOrdinal..<set.startOrdinal + max(0, set.replicas)
    }

    private static func most(_ limit: IntOrPercent, replicas: Int) -> Int {
        switch limit {
        case .number(let count): max(1, count)
        case .percent(let percent): max(1, replicas * percent / 100)
        }
    }

    /// A claim goes only with what owns it, and is owned only as the set's policy says.
    private mutating func judgeClaim() {
        let claim = ObjectMetadata(change.new)
        let former = change.old.map { ObjectMetadata($0) }
        let isDeleted = change.kind == .deleted || (claim.isBeingDeleted && former?.isBeingDeleted == false)
        let owners = former?.ownerReferences ?? []
        if isDeleted, former?.isBeingDeleted == false,
            owners.isEmpty || !owners.allSatisfy({ history.isGone($0, in: claim.namespace) })
        {
            found.append((.claimsAreKept, "\(claim.name) is deleted; its owners: \(owners.map(\.name))"))
        }
        let set = history.sets.values.first {
            claim.name.contains("-\($0.view.metadata.name)-") && $0.view.metadata.namespace == claim.namespace
        }
        guard let set, let ordinal = Self.ordinal(claim.name), change.kind != .deleted else { return }
        for owner in claim.ownerReferences where !owners.contains(owner) {
            let isRight = set.versions(since: since).contains { version in
                owner.kind == "Pod"
                    ? version.claimRetention.deletesWhenScaled && !Self.members(version).contains(ordinal)
                    : version.claimRetention.deletesWhenDeleted
            }
            if !isRight { found.append((.claimsAreKept, "\(claim.name) is given to \(owner.kind) \(owner.name)")) }
        }
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

internal import Kinds
internal import ObjectModel
internal import ObjectStorage

/// One change of the store as invariants see it.
struct ObservedChange {
    let time: Duration
    /// The run of a process whose request it was; nobody's for people.
    let sender: String
    let kind: StoreEvent.Kind
    let old: Value?
    let new: Value

    /// Whether controllers or the scheduler made it.
    var isByControl: Bool { SimulatedCluster.controlProcesses.contains { sender.hasPrefix($0 + "/") } }
}

/// What was, of the objects that invariants speak of: enough of the past to judge a process by what it could know.
///
/// A process sees the store late. Whatever it did rightly on what was true at most `staleness` ago is right.
struct ClusterHistory {
    /// The longest time between a change and what a process does without knowing of it: lags, requests and steps of one
    /// plan, with the usual rates.
    static let staleness = Duration.seconds(45)

    struct Pod {
        var view: PodView
        let created: Duration
        var isReady = false
        /// When it was ready last; nil when it never was.
        var lastReady: Duration?
        var terminating: Duration?
        /// Whether the control plane began its deletion.
        var isTakenAway = false
        var gone: Duration?
        /// Former controllers, by uid, with the time they let go.
        var formerOwners: [(uid: String, until: Duration)] = []

        /// Whether it was ready at some time since `time`.
        func wasReady(since time: Duration) -> Bool { isReady || (lastReady ?? .seconds(-1)) >= time }
        /// Whether it was there, not terminating, at some time since `time`.
        func wasThere(since time: Duration) -> Bool { (terminating ?? gone).map { $0 >= time } ?? true }
    }

    struct StatefulSet {
        var view: StatefulSetView
        /// Every version with the time it was replaced; the newest has none.
        var former: [(view: StatefulSetView, until: Duration)] = []
        var gone: Duration?
        var deleting: Duration?

        /// The versions that were current at some time since `time`.
        func versions(since time: Duration) -> [StatefulSetView] {
            [view] + former.filter { $0.until >= time }.map(\.view)
        }
    }

    private(set) var pods: [NamespacedName: [Pod]] = [:]
    private(set) var sets: [NamespacedName: StatefulSet] = [:]
    /// The claims that exist.
    private(set) var claims: [NamespacedName: ObjectMetadata] = [:]
    /// Who holds the lease of the control processes.
    private(set) var leader: String?
    /// How many writes there were that no heartbeat made.
    private(set) var writes = 0
    /// The last of them, for people.
    private(set) var lastWrite = ""

    /// The newest pod of a name.
    func pod(_ key: NamespacedName) -> Pod? { pods[key]?.last }

    /// The claims that a pod that runs has mounted.
    func claims(of run: SimulatedMachine.Running) -> Set<String> {
        let pod = pods[run.pod]?.last { $0.view.metadata.uid == run.uid }
        return Set(pod?.view.spec.volumes.compactMap(\.claimName) ?? [])
    }

    /// Whether an owner of an object is gone, or is on its way out and takes along what it owns.
    func isGone(_ owner: OwnerReference, in namespace: String) -> Bool {
        let key = NamespacedName(namespace: namespace, name: owner.name)
        if owner.kind == "Pod" {
            return !(pods[key] ?? []).contains { pod in
                let takesAlong = pod.view.isTerminating && pod.view.metadata.finalizers.contains("foregroundDeletion")
                return pod.view.metadata.uid == owner.uid && pod.gone == nil && !takesAlong
            }
        }
        guard let set = sets[key], set.view.metadata.uid == owner.uid else { return true }
        return set.gone != nil || set.deleting != nil
    }

    /// Whether the control plane took away the pod of a name and no other has been ready since: that it knows for sure.
    func isTakenAway(_ key: NamespacedName) -> Bool {
        guard let lives = pods[key], let last = lives.last else { return false }
        if last.terminating != nil { return last.isTakenAway }
        return last.lastReady == nil && lives.dropLast().last?.isTakenAway == true
    }

    /// Pods that a set has or had at some time since `time`.
    func pods(of set: StatefulSetView, since time: Duration) -> [Pod] {
        pods.sorted { $0.key < $1.key }.flatMap(\.value).filter { pod in
            let isMember =
                pod.view.metadata.controller?.uid == set.metadata.uid
                || pod.formerOwners.contains { $0.uid == set.metadata.uid && $0.until >= time }
            return isMember && (pod.gone.map { $0 >= time } ?? true)
        }
    }

    mutating func apply(_ change: ObservedChange) {
        let kind = change.new["kind"]?.string ?? ""
        noteWrite(change, kind)
        switch kind {
        case "Pod": applyPod(change)
        case "StatefulSet": applySet(change)
        case "Lease" where change.new.namespacedName == SimulatedCluster.lease:
            leader = change.new["spec", "holderIdentity"]?.string
        case "PersistentVolumeClaim":
            claims[change.new.namespacedName] = change.kind == .deleted ? nil : ObjectMetadata(change.new)
        default: break
        }
    }

    private mutating func noteWrite(_ change: ObservedChange, _ kind: String) {
        if ["Lease", "Event"].contains(kind) { return }
        if kind == "Node", change.kind == .updated { return }
        writes += 1
        lastWrite = "\(change.kind) \(kind) \(change.new.namespacedName) by \(change.sender)"
    }

    private mutating func applyPod(_ change: ObservedChange) {
        let key = change.new.namespacedName
        let view = PodView(change.new)
        if change.kind == .created { pods[key, default: []].append(Pod(view: view, created: change.time)) }
        guard var pod = pods[key]?.last, let count = pods[key]?.count else { return }
        if pod.isReady { pod.lastReady = change.time }
        if let owner = pod.view.metadata.controller?.uid, owner != view.metadata.controller?.uid {
            pod.formerOwners.append((owner, change.time))
        }
        pod.view = view
        pod.isReady = view.isReady && view.status.phase == "Running"
        if pod.isReady { pod.lastReady = change.time }
        if view.isTerminating || change.kind == .deleted, pod.terminating == nil {
            pod.terminating = change.time
            pod.isTakenAway = change.isByControl
        }
        if change.kind == .deleted {
            pod.gone = change.time
            pod.isReady = false
        }
        pods[key]?[count - 1] = pod
        // Two lives are enough to judge by.
        if count > 3 { pods[key]?.removeFirst() }
    }

    private mutating func applySet(_ change: ObservedChange) {
        let key = change.new.namespacedName
        let view = StatefulSetView(change.new)
        guard var set = sets[key], change.kind != .created else {
            var fresh = StatefulSet(view: view)
            fresh.former = sets[key].map { [($0.view, change.time)] } ?? []
            sets[key] = fresh
            return
        }
        set.former.append((set.view, change.time))
        set.former.removeAll { $0.until + Self.staleness < change.time }
        set.view = view
        if change.kind == .deleted { set.gone = change.time }
        if change.new.isBeingDeleted, set.deleting == nil { set.deleting = change.time }
        sets[key] = set
    }
}

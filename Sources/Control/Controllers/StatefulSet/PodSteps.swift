internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

/// Which pods to create and delete now: upstream's order of judging, one look at the pods, no writes.
struct PodSteps {
    private let set: StatefulSetView
    private let history: RevisionHistory
    private let claims: [String: StatefulSetObserved.ClaimState]
    private let now: Timestamp
    /// By ordinal, within the range that should exist.
    private var replicas: [Int: CachedObject<PodView>] = [:]
    /// Outside of that range, highest ordinal first.
    private var condemned: [CachedObject<PodView>] = []

    /// Claims to create before any pod.
    private(set) var claimActions: [PlannedAction] = []
    /// What to do about pods.
    private(set) var podActions: [PlannedAction] = []
    /// Why.
    private(set) var explanation = "all pods are as they should be"
    /// How many pods of the current revision are deleted for an update.
    private(set) var replacedForUpdate = 0

    init(
        _ set: StatefulSetView, history: RevisionHistory, pods: [CachedObject<PodView>],
        claims: [String: StatefulSetObserved.ClaimState], at now: Timestamp
    ) {
        self.set = set
        self.history = history
        self.claims = claims
        self.now = now
        for pod in pods {
            guard let ordinal = pod.view.ordinal else { continue }
            if set.ordinals.contains(ordinal) { replicas[ordinal] = pod } else { condemned.append(pod) }
        }
        condemned.sort { ($0.view.ordinal ?? 0) > ($1.view.ordinal ?? 0) }
    }

    /// How many pods one plan creates at most. When they are seen, the set is judged again.
    private static let mostCreations = 500

    /// The ordinals that one plan judges: from the lowest up, until as many are missing as it may create.
    static func judged(_ set: StatefulSetView, existing: Set<Int>) -> [Int] {
        var creations = set.isParallel ? mostCreations : 1
        var judged: [Int] = []
        for ordinal in set.ordinals {
            judged.append(ordinal)
            if !existing.contains(ordinal) { creations -= 1 }
            if creations == 0 { break }
        }
        return judged
    }

    /// Judges the replicas, then those too many, then the update.
    mutating func decide() {
        for ordinal in Self.judged(set, existing: Set(replicas.keys)) {
            if process(ordinal), !set.isParallel { return }
        }
        for pod in condemned {
            if process(condemned: pod), !set.isParallel { return }
        }
        update()
    }

    /// Whether anything after this ordinal must wait (unless the set is Parallel).
    private mutating func process(_ ordinal: Int) -> Bool {
        guard let pod = replicas[ordinal] else {
            create(ordinal)
            return true
        }
        if pod.view.isTerminal {
            delete(pod, because: "it ended")
            return true
        }
        if pod.view.isPending { createMissingClaims(ordinal) }
        if pod.view.isTerminating { return wait("\(pod.key.name) terminates") }
        if !pod.view.isRunningAndReady { return wait("\(pod.key.name) is not running and ready") }
        if !isAvailable(pod) { return wait("\(pod.key.name) is not available yet") }
        repairIdentity(pod)
        return false
    }

    private mutating func process(condemned pod: CachedObject<PodView>) -> Bool {
        if pod.view.isTerminating { return wait("\(pod.key.name) terminates") }
        let isFirstUnhealthy = pod.key == firstUnavailable?.key
        if !set.isParallel, !isFirstUnhealthy, !(pod.view.isRunningAndReady && isAvailable(pod)) {
            return wait("\(firstUnavailable?.key.name ?? "a pod") is not available before the scale-down")
        }
        delete(pod, because: "the set is scaled down")
        return true
    }

    /// Deletes the highest pod that is not of the update revision, when those above it are available.
    private mutating func update() {
        guard case .rollingUpdate(let partition, _) = set.updateStrategy else { return }
        for ordinal in set.ordinals.dropFirst(partition).reversed() {
            // One that is being created is of the right revision and not available yet.
            guard let pod = replicas[ordinal] else { return }
            if pod.view.revisionName != history.update.name, !pod.view.isTerminating {
                if pod.view.isTerminal { return }
                delete(pod, because: "it is not of the update revision")
                if pod.view.revisionName == history.current.name { replacedForUpdate += 1 }
                return
            }
            if pod.view.isUnavailable(set.minReadySeconds, now) {
                _ = wait("\(pod.key.name) is being updated")
                return
            }
        }
    }

    /// The lowest replica that is missing or unavailable, or else the lowest such pod of those too many.
    private var firstUnavailable: CachedObject<PodView>? {
        if set.ordinals.contains(where: { replicas[$0] == nil }) { return nil }
        let ordered = set.ordinals.compactMap { replicas[$0] } + condemned.reversed()
        return ordered.first { $0.view.isUnavailable(set.minReadySeconds, now) }
    }

    private func isAvailable(_ pod: CachedObject<PodView>) -> Bool {
        pod.view.isAvailable(minReadySeconds: set.minReadySeconds, now: now)
    }

    private mutating func wait(_ reason: String) -> Bool {
        explanation = "waiting: \(reason)"
        return true
    }

    private mutating func create(_ ordinal: Int) {
        var partition = 0
        if case .rollingUpdate(let value, _) = set.updateStrategy { partition = value }
        let revision = ordinal < set.startOrdinal + partition ? history.current : history.update
        let name = set.podName(ordinal)
        explanation = "creating \(name)"
        if let claim = set.claims(ordinal).first(where: { claims[$0.name] == .beingDeleted }) {
            explanation = "waiting: the claim \(claim.name) is being deleted"
            let failure = note(
                .warning, "FailedCreate", "Create Pod \(name) in StatefulSet \(set.metadata.name) failed")
            podActions.append(PlannedAction(.event(failure.with(" error: pvc \(claim.name) is being deleted"))))
            return
        }
        createMissingClaims(ordinal)
        let pod = set.pod(ordinal, template: revision.template, revision: revision.name)
        podActions.append(planned(.create(.pods, pod), verb: "Create", name))
    }

    private mutating func createMissingClaims(_ ordinal: Int) {
        let (pod, name) = (set.podName(ordinal), set.metadata.name)
        claimActions += set.claims(ordinal).filter { claims[$0.name] == nil }.map { claim in
            PlannedAction(
                .create(.persistentVolumeClaims, claim, acceptsExisting: true),
                onSuccess: note(
                    .normal, "SuccessfulCreate", "Create Claim \(claim.name) Pod \(pod) in StatefulSet \(name) success"),
                onFailure: note(
                    .warning, "FailedCreate",
                    "Create Claim \(claim.name) for Pod \(pod) in StatefulSet \(name) failed error: "))
        }
    }

    private mutating func delete(_ pod: CachedObject<PodView>, because reason: String) {
        guard !pod.view.isTerminating else { return }
        explanation = "deleting \(pod.key.name): \(reason)"
        podActions.append(planned(.delete(.init(.pods, pod.key, uid: pod.uid)), verb: "Delete", pod.key.name))
    }

    private mutating func repairIdentity(_ pod: CachedObject<PodView>) {
        guard let ordinal = pod.view.ordinal, pod.view.metadata.labels[PodView.podNameLabel] != pod.key.name else {
            return
        }
        let labels: Value = [
            PodView.podNameLabel: .string(pod.key.name), PodView.podIndexLabel: .string(String(ordinal)),
        ]
        let patch = Action.Patch(.pods, pod.key, uid: pod.uid, ["metadata": ["labels": labels]])
        podActions.append(planned(.patch(patch), verb: "Update", pod.key.name))
    }

    private func planned(_ action: Action, verb: String, _ pod: String) -> PlannedAction {
        let text = "\(verb) Pod \(pod) in StatefulSet \(set.metadata.name)"
        return PlannedAction(
            action, onSuccess: note(.normal, "Successful\(verb)", "\(text) successful"),
            onFailure: note(.warning, "Failed\(verb)", "\(text) failed error: "))
    }

    private func note(_ severity: EventNote.Severity, _ reason: String, _ message: String) -> EventNote {
        set.note(severity, reason, message)
    }
}

extension EventNote {
    fileprivate func with(_ suffix: String) -> EventNote {
        var note = self
        note.message += suffix
        return note
    }
}

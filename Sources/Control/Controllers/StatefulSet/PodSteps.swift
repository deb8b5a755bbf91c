internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

/// Which pods to create and delete now: upstream's order of judging, one look at the pods, no writes.
struct PodSteps {
    let set: StatefulSetView
    let history: RevisionHistory
    let claims: [String: CachedObject<PersistentVolumeClaimView>]
    let now: Timestamp
    /// By ordinal, within the range that should exist.
    private(set) var replicas: [Int: CachedObject<PodView>] = [:]
    /// Outside of that range, highest ordinal first.
    private var condemned: [CachedObject<PodView>] = []

    /// Claims to create, and to give to their owners, before any pod is touched.
    var claimActions: [PlannedAction] = []
    /// What to do about pods.
    var podActions: [PlannedAction] = []
    /// Why.
    var explanation = "all pods are as they should be"
    /// How many pods of the current revision are deleted for an update.
    var replacedForUpdate = 0

    init(
        _ set: StatefulSetView, history: RevisionHistory, pods: [CachedObject<PodView>],
        claims: [String: CachedObject<PersistentVolumeClaimView>], at now: Timestamp
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
        for pod in condemned { giveClaims(of: pod, isScaledDown: true) }
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
        giveClaims(of: pod, isScaledDown: false)
        if pod.view.isTerminating { return wait("\(pod.key.name) terminates") }
        if !pod.view.isRunningAndReady {
            // Nothing after it is judged, so its update would never come. A Parallel set gets there.
            if !set.isParallel, isSuperseded(pod, ordinal) {
                replace(pod, because: "it was never ready and its template is superseded")
                return true
            }
            return wait("\(pod.key.name) is not running and ready")
        }
        recordReadiness(pod)
        if !isAvailable(pod) { return wait("\(pod.key.name) is not available yet") }
        repairIdentity(pod)
        return false
    }

    /// With OrderedReady those that were ready go one by one, and when they are not available only if they are the only
    /// such pod, as upstream. One that never was ready has nothing to hand over and holds up nothing.
    private mutating func process(condemned pod: CachedObject<PodView>) -> Bool {
        if pod.view.isTerminating { return wait("\(pod.key.name) terminates") }
        let isHealthy = pod.view.isRunningAndReady && isAvailable(pod)
        // One that has ended will not recover: it holds up nothing and waits for nobody.
        if !set.isParallel, !isHealthy, !pod.view.isTerminal, pod.view.hasBeenReady, let first = firstUnavailable,
            first.key != pod.key
        {
            return wait("\(first.key.name) is not available before the scale-down")
        }
        delete(pod, because: "the set is scaled down")
        return true
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

    mutating func wait(_ reason: String) -> Bool {
        explanation = "waiting: \(reason)"
        return true
    }
}

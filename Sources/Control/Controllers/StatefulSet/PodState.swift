internal import Kinds
internal import ObjectModel

/// What a StatefulSet asks about a pod (upstream's `stateful_set_utils`).
extension PodView {
    static let podNameLabel = "statefulset.kubernetes.io/pod-name"
    static let podIndexLabel = "apps.kubernetes.io/pod-index"
    static let revisionLabel = "controller-revision-hash"

    /// The ordinal that its name tells; nil when it tells none.
    var ordinal: Int? { PodOrdinal.parse(metadata.name)?.ordinal }
    /// The name of the revision it was made from.
    var revisionName: String { metadata.labels[Self.revisionLabel] ?? "" }
    /// Whether it runs and is ready.
    var isRunningAndReady: Bool { status.phase == "Running" && isReady }

    /// Whether it does not count as available, or is going away.
    func isUnavailable(_ minReadySeconds: Int, _ now: Timestamp) -> Bool {
        isTerminating || isTerminal || !isAvailable(minReadySeconds: minReadySeconds, now: now)
    }
}

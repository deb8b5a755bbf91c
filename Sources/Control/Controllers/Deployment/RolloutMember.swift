internal import APIProtocol
internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

/// A ReplicaSet of a Deployment, with the changes that are decided and not written yet.
struct RolloutMember {
    let object: CachedObject<ReplicaSetView>
    /// How many pods it should have.
    var replicas: Int
    var minReadySeconds: Int
    var annotations: [String: String]

    init(_ object: CachedObject<ReplicaSetView>) {
        self.object = object
        replicas = object.view.replicas
        minReadySeconds = object.view.minReadySeconds
        annotations = object.view.metadata.annotations
    }

    var status: ReplicaSetStatusView { object.view.status }
    var isActive: Bool { replicas > 0 }
    /// Whether its controller has seen its size: until then its counts may be those of a former one.
    var isSettled: Bool { object.view.metadata.generation <= status.observedGeneration }
    /// Pods that are available and stay: a set that was just scaled down still counts those it is about to delete.
    var available: Int { min(status.availableReplicas, replicas) }
    /// Pods that it has or will have.
    var pods: Int { max(status.replicas, replicas) }
    /// Its place in the history; nil when the annotation is no number.
    var revision: Int? { annotations[RolloutAnnotation.revision].map { Int($0) } ?? 0 }

    /// The number in an annotation, when it is one of 32 bits and not negative.
    func count(_ annotation: String) -> Int? {
        annotations[annotation].flatMap { Int32($0) }.flatMap { $0 < 0 ? nil : Int($0) }
    }

    /// Sets the wanted number; `isForced` refreshes the annotations even when that is the same. Answers whether the
    /// number changes.
    mutating func scale(to count: Int, of deployment: DeploymentView, isForced: Bool = false) -> Bool {
        let isChange = replicas != count
        guard isChange || isForced else { return false }
        replicas = count
        annotations.merge(RolloutAnnotation.limits(of: deployment)) { $1 }
        return isChange
    }

    /// Writes what changed, in one patch of exactly this version; nil when nothing did.
    func write(for deployment: DeploymentView) -> PlannedAction? {
        var body = Value.emptyObject
        let changed = annotations.filter { object.view.metadata.annotations[$0.key] != $0.value }
        if !changed.isEmpty { body["metadata", "annotations"] = .stringMap(changed) }
        if replicas != object.view.replicas { body["spec", "replicas"] = .integer(Int64(replicas)) }
        if minReadySeconds != object.view.minReadySeconds {
            body["spec", "minReadySeconds"] = .integer(Int64(minReadySeconds))
        }
        guard !body.isEmpty else { return nil }
        let patch = Action.Patch(.replicaSets, object.key, uid: object.uid, revision: object.revision, body)
        return PlannedAction(
            .patch(patch), onSuccess: deployment.scalingNote(object.key.name, from: object.view.replicas, to: replicas))
    }
}

/// The annotations by which a Deployment and its ReplicaSets tell their history.
enum RolloutAnnotation {
    private static let prefix = "deployment.kubernetes.io/"
    /// The place in the history; larger is newer.
    static let revision = prefix + "revision"
    /// The places that a set had before, oldest first.
    static let revisionHistory = prefix + "revision-history"
    /// The wanted number when the set was last scaled.
    static let desiredReplicas = prefix + "desired-replicas"
    /// The largest number allowed when the set was last scaled.
    static let maxReplicas = prefix + "max-replicas"

    /// What a Deployment does not hand on to its sets.
    static let ownOfDeployment: Set = [
        "kubectl.kubernetes.io/last-applied-configuration", revision, revisionHistory, desiredReplicas, maxReplicas,
        "deprecated.deployment.rollback.to",
    ]

    /// The annotations that tell scaling from a rollout.
    static func limits(of deployment: DeploymentView) -> [String: String] {
        [
            desiredReplicas: String(deployment.replicas),
            maxReplicas: String(deployment.replicas + deployment.maxSurge),
        ]
    }

    /// What a Deployment hands on to its newest set, the cause of the change among it.
    static func handedOn(by deployment: DeploymentView) -> [String: String] {
        deployment.metadata.annotations.filter { !ownOfDeployment.contains($0.key) }
    }

    /// A revision in the list of former ones; the oldest go when it becomes longer than 2000 characters.
    static func history(_ history: String, adding revision: String) -> String {
        var former = history.split(separator: ",").map(String.init) + [revision]
        while former.count > 1, former.joined(separator: ",").utf8.count > 2000 { former.removeFirst() }
        return former.joined(separator: ",")
    }
}

extension DeploymentView {
    /// What upstream tells about a change of a set's size; nil when it stays.
    func scalingNote(_ set: String, from old: Int, to new: Int) -> EventNote? {
        guard old != new else { return nil }
        let direction = old < new ? "up" : "down"
        return note(.normal, "ScalingReplicaSet", "Scaled \(direction) replica set \(set) from \(old) to \(new)")
    }
}

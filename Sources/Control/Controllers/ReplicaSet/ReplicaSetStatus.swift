internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

/// The status of a set, counted from the pods that were observed: it never runs ahead of them.
extension ReplicaSetStatusView {
    /// The condition that tells that pods cannot be created or deleted.
    static let replicaFailure = "ReplicaFailure"

    /// Counts the active pods of a set, and those that are going away.
    mutating func count(active pods: [PodView], terminating: Int, of set: ReplicaSetView, at now: Timestamp) {
        let labels = set.template.labels
        replicas = pods.count
        fullyLabeledReplicas = pods.count { pod in
            labels.allSatisfy { pod.metadata.labels[$0.key] == $0.value }
        }
        readyReplicas = pods.count(where: \.isReady)
        availableReplicas = pods.count { $0.isAvailable(minReadySeconds: set.minReadySeconds, now: now) }
        terminatingReplicas = terminating
    }

    /// Writes this status where the set's own one differs; nil where it does not.
    func update(of set: CachedObject<ReplicaSetView>) -> Action? {
        var new = self
        new.observedGeneration = set.view.metadata.generation
        guard let change = MergePatch.difference(from: set.view.status.value, to: new.value) else { return nil }
        return .patch(
            Action.Patch(
                .replicaSets, set.key, uid: set.uid, revision: set.revision, ["status": change],
                subresource: "status", acceptsMissing: true))
    }

    /// What to write when a write of pods fails: this status with the condition. One that is there already stays.
    func failure(
        of set: CachedObject<ReplicaSetView>, _ reason: String, prefix: String = "", at now: Timestamp
    ) -> @Sendable (String) -> Action? {
        { error in
            var failed = self
            if failed.conditions.condition(Self.replicaFailure) == nil {
                failed.conditions.set(Self.replicaFailure, "True", reason, prefix + error, at: now)
                failed.conditions = failed.conditions.map(\.withoutUpdateTime)
            }
            return failed.update(of: set)
        }
    }
}

extension ConditionView {
    /// Conditions of a ReplicaSet tell of transitions only.
    fileprivate var withoutUpdateTime: ConditionView {
        ConditionView(
            type: type, status: status, reason: reason, message: message, lastTransitionTime: lastTransitionTime)
    }
}

internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

/// The status of a set, counted from the pods that were observed: it never runs ahead of them.
struct StatefulSetStatus {
    var replicas = 0
    var readyReplicas = 0
    var availableReplicas = 0
    var currentReplicas = 0
    var updatedReplicas = 0
    var currentRevision: String
    var updateRevision: String
    let observedGeneration: Int
    let collisionCount: Int

    init(_ set: StatefulSetView, history: RevisionHistory, pods: [CachedObject<PodView>], at now: Timestamp) {
        currentRevision = history.current.name
        updateRevision = history.update.name
        observedGeneration = set.metadata.generation
        collisionCount = history.collisionCount
        for pod in pods where pod.view.isCreated {
            replicas += 1
            if pod.view.isRunningAndReady {
                readyReplicas += 1
                if pod.view.isAvailable(minReadySeconds: set.minReadySeconds, now: now) { availableReplicas += 1 }
            }
            guard !pod.view.isTerminating else { continue }
            if pod.view.revisionName == currentRevision { currentReplicas += 1 }
            if pod.view.revisionName == updateRevision { updatedReplicas += 1 }
        }
    }

    /// When every pod is of the update revision and ready, that becomes the current one.
    mutating func completeRollingUpdate(_ set: StatefulSetView) {
        guard case .rollingUpdate = set.updateStrategy, updatedReplicas == set.replicas,
            readyReplicas == set.replicas, replicas == set.replicas
        else { return }
        currentReplicas = updatedReplicas
        currentRevision = updateRevision
    }

    /// Whether the set's status says something else.
    func differs(from status: StatefulSetStatusView) -> Bool {
        observedGeneration > status.observedGeneration || replicas != status.replicas
            || readyReplicas != status.readyReplicas || availableReplicas != status.availableReplicas
            || currentReplicas != status.currentReplicas || updatedReplicas != status.updatedReplicas
            || currentRevision != status.currentRevision || updateRevision != status.updateRevision
            || collisionCount != status.collisionCount
    }

    /// A merge patch: a count of zero goes, as upstream leaves it out.
    var patch: Value {
        func optional(_ count: Int) -> Value { count == 0 ? .null : .integer(Int64(count)) }
        return [
            "status": [
                "observedGeneration": .integer(Int64(observedGeneration)), "replicas": .integer(Int64(replicas)),
                "readyReplicas": optional(readyReplicas), "currentReplicas": optional(currentReplicas),
                "updatedReplicas": optional(updatedReplicas),
                "availableReplicas": .integer(Int64(availableReplicas)),
                "currentRevision": .string(currentRevision), "updateRevision": .string(updateRevision),
                "collisionCount": .integer(Int64(collisionCount)),
            ]
        ]
    }
}

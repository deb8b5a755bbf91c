package import ObjectModel

/// A StatefulSet.
package struct StatefulSetView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.statefulSets

    /// How pods follow a change of the template.
    package enum UpdateStrategy: Sendable, Hashable {
        /// Pods change only when someone deletes them.
        case onDelete
        /// Ordinals from `partition` up are replaced, highest first, while no more than `maxUnavailable` are unavailable.
        case rollingUpdate(partition: Int, maxUnavailable: IntOrPercent)
    }

    /// What happens to claims.
    package struct ClaimRetention: Sendable, Hashable {
        /// Whether claims go with the set.
        package let deletesWhenDeleted: Bool
        /// Whether claims go with their scaled-down pod.
        package let deletesWhenScaled: Bool
    }

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// How many pods should run.
    package let replicas: Int
    /// Which pods belong to it; nil when the selector is absent or wrong.
    package let selector: LabelSelector?
    /// `spec.selector` as JSON.
    package let selectorValue: Value
    /// The headless Service that names its pods.
    package let serviceName: String
    /// Whether pods start and stop all at once.
    package let isParallel: Bool
    /// How pods follow a change of the template.
    package let updateStrategy: UpdateStrategy
    /// How many unused revisions are kept.
    package let revisionHistoryLimit: Int
    /// Seconds a pod must be ready to count as available.
    package let minReadySeconds: Int
    /// The first ordinal.
    package let startOrdinal: Int
    /// `spec.template` as JSON.
    package let template: Value
    /// `spec.volumeClaimTemplates` as JSON.
    package let volumeClaimTemplates: [Value]
    /// What happens to claims.
    package let claimRetention: ClaimRetention
    /// The status.
    package let status: StatefulSetStatusView

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        let spec = object.child("spec")
        replicas = spec.number("replicas") ?? 1
        selector = LabelSelector(spec["selector"])
        selectorValue = spec.child("selector")
        serviceName = spec.text("serviceName")
        isParallel = spec.text("podManagementPolicy") == "Parallel"
        let strategy = spec.child("updateStrategy")
        let rolling = strategy.child("rollingUpdate")
        updateStrategy =
            strategy.text("type") == "OnDelete"
            ? .onDelete
            : .rollingUpdate(
                partition: rolling.number("partition") ?? 0,
                maxUnavailable: IntOrPercent(rolling["maxUnavailable"]) ?? .number(1))
        revisionHistoryLimit = spec.number("revisionHistoryLimit") ?? 10
        minReadySeconds = spec.number("minReadySeconds") ?? 0
        startOrdinal = spec.child("ordinals").number("start") ?? 0
        template = spec.child("template")
        volumeClaimTemplates = spec.items("volumeClaimTemplates")
        let retention = spec.child("persistentVolumeClaimRetentionPolicy")
        claimRetention = ClaimRetention(
            deletesWhenDeleted: retention.text("whenDeleted") == "Delete",
            deletesWhenScaled: retention.text("whenScaled") == "Delete")
        status = StatefulSetStatusView(object.child("status"))
    }

    /// How many pods a rolling update takes away at a time: a percentage is rounded down, and it is one at least.
    package var maximumUnavailable: Int {
        guard case .rollingUpdate(_, let limit) = updateStrategy else { return 1 }
        return max(1, limit.scaled(to: replicas, roundsUp: false))
    }
}

/// The status of a StatefulSet.
package struct StatefulSetStatusView: Sendable, Hashable {
    /// The generation it speaks of.
    package let observedGeneration: Int
    /// Pods that exist.
    package let replicas: Int
    /// Pods that are ready.
    package let readyReplicas: Int
    /// Pods that are available.
    package let availableReplicas: Int
    /// Pods of the current revision.
    package let currentReplicas: Int
    /// Pods of the update revision.
    package let updatedReplicas: Int
    /// The name of the current revision.
    package let currentRevision: String
    /// The name of the update revision.
    package let updateRevision: String
    /// Hash collisions of revision names; nil before the first.
    package let collisionCount: Int?
    /// The conditions.
    package let conditions: [ConditionView]

    /// Reads a StatefulSetStatus.
    package init(_ status: Value) {
        observedGeneration = status.number("observedGeneration") ?? 0
        replicas = status.number("replicas") ?? 0
        readyReplicas = status.number("readyReplicas") ?? 0
        availableReplicas = status.number("availableReplicas") ?? 0
        currentReplicas = status.number("currentReplicas") ?? 0
        updatedReplicas = status.number("updatedReplicas") ?? 0
        currentRevision = status.text("currentRevision")
        updateRevision = status.text("updateRevision")
        collisionCount = status.number("collisionCount")
        conditions = status.items("conditions").map { ConditionView($0) }
    }
}

/// A ControllerRevision: one remembered state of a set's template.
package struct ControllerRevisionView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.controllerRevisions

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// Its place in the history; larger is newer.
    package let revision: Int
    /// The state as JSON.
    package let data: Value

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        revision = object.number("revision") ?? 0
        data = object.child("data")
    }
}

package import ObjectModel

/// A Deployment.
package struct DeploymentView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.deployments

    /// How pods follow a change of the template.
    package enum Strategy: Sendable, Hashable {
        /// All old pods go before a new one comes.
        case recreate
        /// Old and new pods change places in small steps.
        case rollingUpdate(maxSurge: IntOrPercent, maxUnavailable: IntOrPercent)
    }

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// How many pods should run.
    package let replicas: Int
    /// Which ReplicaSets and pods belong to it; nil when the selector is absent or wrong.
    package let selector: LabelSelector?
    /// `spec.selector` as JSON.
    package let selectorValue: Value
    /// `spec.template` as JSON.
    package let template: Value
    /// How pods follow a change of the template.
    package let strategy: Strategy
    /// Seconds a pod must be ready to count as available.
    package let minReadySeconds: Int
    /// How many old ReplicaSets are kept; nil keeps all.
    package let revisionHistoryLimit: Int?
    /// Whether a change of the template waits.
    package let isPaused: Bool
    /// Seconds without progress after which a rollout counts as failed; nil means never.
    package let progressDeadlineSeconds: Int?
    /// The status.
    package let status: DeploymentStatusView

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        let spec = object.child("spec")
        replicas = spec.number("replicas") ?? 1
        selector = LabelSelector(spec["selector"])
        selectorValue = spec.child("selector")
        template = spec.child("template")
        let rolling = spec.child("strategy").child("rollingUpdate")
        strategy =
            spec.child("strategy").text("type") == "Recreate"
            ? .recreate
            : .rollingUpdate(
                maxSurge: IntOrPercent(rolling["maxSurge"]) ?? .number(0),
                maxUnavailable: IntOrPercent(rolling["maxUnavailable"]) ?? .number(0))
        minReadySeconds = spec.number("minReadySeconds") ?? 0
        revisionHistoryLimit = spec.limit("revisionHistoryLimit")
        isPaused = spec.flag("paused")
        progressDeadlineSeconds = spec.limit("progressDeadlineSeconds")
        status = DeploymentStatusView(object.child("status"))
    }
}

/// The status of a Deployment.
package struct DeploymentStatusView: Sendable, Hashable {
    /// The generation it speaks of.
    package var observedGeneration: Int
    /// Pods of all its ReplicaSets.
    package var replicas: Int
    /// Those of the newest template.
    package var updatedReplicas: Int
    /// Those that are ready.
    package var readyReplicas: Int
    /// Those that are available.
    package var availableReplicas: Int
    /// How many more must become available.
    package var unavailableReplicas: Int
    /// Pods that are going away and still run; nil when not told.
    package var terminatingReplicas: Int?
    /// Hash collisions of ReplicaSet names; nil before the first.
    package var collisionCount: Int?
    /// The conditions.
    package var conditions: [ConditionView]

    /// Reads a DeploymentStatus.
    package init(_ status: Value) {
        observedGeneration = status.number("observedGeneration") ?? 0
        replicas = status.number("replicas") ?? 0
        updatedReplicas = status.number("updatedReplicas") ?? 0
        readyReplicas = status.number("readyReplicas") ?? 0
        availableReplicas = status.number("availableReplicas") ?? 0
        unavailableReplicas = status.number("unavailableReplicas") ?? 0
        terminatingReplicas = status.number("terminatingReplicas")
        collisionCount = status.number("collisionCount")
        conditions = status.items("conditions").map { ConditionView($0) }
    }

    /// The status as JSON; a count of zero is left out, as upstream leaves it out.
    package var value: Value {
        var value = Value.emptyObject
        value.setCount("observedGeneration", observedGeneration)
        value.setCount("replicas", replicas)
        value.setCount("updatedReplicas", updatedReplicas)
        value.setCount("readyReplicas", readyReplicas)
        value.setCount("availableReplicas", availableReplicas)
        value.setCount("unavailableReplicas", unavailableReplicas)
        value["terminatingReplicas"] = terminatingReplicas.map { .integer(Int64($0)) }
        if !conditions.isEmpty { value["conditions"] = .array(conditions.map(\.value)) }
        value["collisionCount"] = collisionCount.map { .integer(Int64($0)) }
        return value
    }
}

extension Value {
    /// A number; the largest of 32 bits stands for no limit.
    fileprivate func limit(_ key: String) -> Int? { number(key).flatMap { $0 == Int(Int32.max) ? nil : $0 } }
}

package import ObjectModel

/// A ReplicaSet.
package struct ReplicaSetView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.replicaSets

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// How many pods should run.
    package let replicas: Int
    /// Seconds a pod must be ready to count as available.
    package let minReadySeconds: Int
    /// Which pods belong to it; nil when the selector is absent or wrong.
    package let selector: LabelSelector?
    /// `spec.template` as JSON.
    package let template: Value
    /// The status.
    package let status: ReplicaSetStatusView

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        let spec = object.child("spec")
        replicas = spec.number("replicas") ?? 1
        minReadySeconds = spec.number("minReadySeconds") ?? 0
        selector = LabelSelector(spec["selector"])
        template = spec.child("template")
        status = ReplicaSetStatusView(object.child("status"))
    }
}

/// The status of a ReplicaSet.
package struct ReplicaSetStatusView: Sendable, Hashable {
    /// The generation it speaks of.
    package var observedGeneration: Int
    /// Pods that exist and have not ended.
    package var replicas: Int
    /// Those that have every label of the template.
    package var fullyLabeledReplicas: Int
    /// Those that are ready.
    package var readyReplicas: Int
    /// Those that are available.
    package var availableReplicas: Int
    /// Pods that are going away and still run; nil when not told.
    package var terminatingReplicas: Int?
    /// The conditions.
    package var conditions: [ConditionView]

    /// Reads a ReplicaSetStatus.
    package init(_ status: Value) {
        observedGeneration = status.number("observedGeneration") ?? 0
        replicas = status.number("replicas") ?? 0
        fullyLabeledReplicas = status.number("fullyLabeledReplicas") ?? 0
        readyReplicas = status.number("readyReplicas") ?? 0
        availableReplicas = status.number("availableReplicas") ?? 0
        terminatingReplicas = status.number("terminatingReplicas")
        conditions = status.items("conditions").map { ConditionView($0) }
    }

    /// The status as JSON; a count of zero is left out where upstream leaves it out.
    package var value: Value {
        var value: Value = ["replicas": .integer(Int64(replicas))]
        value.setCount("fullyLabeledReplicas", fullyLabeledReplicas)
        value.setCount("readyReplicas", readyReplicas)
        value.setCount("availableReplicas", availableReplicas)
        value["terminatingReplicas"] = terminatingReplicas.map { .integer(Int64($0)) }
        value.setCount("observedGeneration", observedGeneration)
        if !conditions.isEmpty { value["conditions"] = .array(conditions.map(\.value)) }
        return value
    }
}

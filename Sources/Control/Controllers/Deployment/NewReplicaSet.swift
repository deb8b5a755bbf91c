internal import ControllerRuntime
internal import Kinds
package import ObjectModel

/// The ReplicaSet of a Deployment's template: which one it is, its name, and how it is made.
package enum NewReplicaSet {
    /// The label that tells the pods of one template from those of others.
    package static let hashLabel = "pod-template-hash"

    /// Whether two templates are the same but for that label.
    package static func isSame(_ left: Value, _ right: Value) -> Bool {
        withoutHash(left).isSemanticallyEqual(to: withoutHash(right))
    }

    private static func withoutHash(_ template: Value) -> Value {
        var template = template
        template.set(["metadata", "labels", hashLabel], to: nil)
        return template
    }

    /// A name of its own for each template, and for each collision count.
    package static func name(deployment: String, hash: String) -> String {
        "\(String(decoding: deployment.utf8.prefix(252 - hash.utf8.count), as: UTF8.self))-\(hash)"
    }

    /// The hash that becomes the label and a part of the name.
    package static func hash(_ template: Value, collisionCount: Int) -> String {
        ContentHash.hash(template, collisionCount: collisionCount)
    }

    /// The first hash from the collision count on whose name is free, and that count.
    static func freeHash(
        _ deployment: DeploymentView, isTaken: (String) -> Bool
    ) -> (hash: String, collisionCount: Int) {
        var collisions = deployment.status.collisionCount ?? 0
        while true {
            let hash = hash(deployment.template, collisionCount: collisions)
            if !isTaken(name(deployment: deployment.metadata.name, hash: hash)) { return (hash, collisions) }
            collisions += 1
        }
    }

    /// The object.
    static func object(_ deployment: DeploymentView, hash: String, replicas: Int, revision: Int) -> Value {
        var template = deployment.template
        template["metadata", "labels", hashLabel] = .string(hash)
        var selector = deployment.selectorValue
        selector["matchLabels", hashLabel] = .string(hash)
        var annotations = RolloutAnnotation.handedOn(by: deployment)
        annotations.merge(RolloutAnnotation.limits(of: deployment)) { $1 }
        annotations[RolloutAnnotation.revision] = String(revision)
        var spec: Value = ["replicas": .integer(Int64(replicas)), "selector": selector, "template": template]
        if deployment.minReadySeconds != 0 { spec["minReadySeconds"] = .integer(Int64(deployment.minReadySeconds)) }
        return [
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": [
                "name": .string(name(deployment: deployment.metadata.name, hash: hash)),
                "namespace": .string(deployment.metadata.namespace), "labels": .stringMap(template.labels),
                "annotations": .stringMap(annotations), "ownerReferences": [deployment.owner.value],
            ],
            "spec": spec,
        ]
    }
}

package import ObjectModel

/// The metadata of any object, as readers need it.
package struct ObjectMetadata: Sendable, Hashable {
    /// The name.
    package let name: String
    /// The namespace; empty for objects of the cluster.
    package let namespace: String
    /// The unique id.
    package let uid: String
    /// The labels.
    package let labels: [String: String]
    /// The annotations.
    package let annotations: [String: String]
    /// The owners, in order.
    package let ownerReferences: [OwnerReference]
    /// The finalizers, in order.
    package let finalizers: [String]
    /// How often the spec changed; 0 for kinds that do not count.
    package let generation: Int
    /// When it was created.
    package let creationTimestamp: Timestamp?
    /// When its deletion takes effect; nil while nobody deleted it.
    package let deletionTimestamp: Timestamp?
    /// The grace period of its deletion, in seconds.
    package let deletionGracePeriodSeconds: Int?
    /// Its version, opaque text.
    package let resourceVersion: String
    /// The prefix from which the server made the name; empty when it was given.
    package let generateName: String

    /// Reads the `metadata` of an object (or of a template).
    package init(_ object: Value) {
        let metadata = object.child("metadata")
        name = metadata.text("name")
        namespace = metadata.text("namespace")
        uid = metadata.text("uid")
        labels = metadata.map("labels")
        annotations = metadata.map("annotations")
        ownerReferences = metadata.items("ownerReferences").map { OwnerReference($0) }
        finalizers = metadata.texts("finalizers")
        generation = metadata.number("generation") ?? 0
        creationTimestamp = metadata.time("creationTimestamp")
        deletionTimestamp = metadata.time("deletionTimestamp")
        deletionGracePeriodSeconds = metadata.number("deletionGracePeriodSeconds")
        resourceVersion = metadata.text("resourceVersion")
        generateName = metadata.text("generateName")
    }

    /// The namespace and name.
    package var namespacedName: NamespacedName { NamespacedName(namespace: namespace, name: name) }
    /// Whether a deletion has begun.
    package var isBeingDeleted: Bool { deletionTimestamp != nil }
    /// The owner that controls it; nil when none does.
    package var controller: OwnerReference? { ownerReferences.first(where: \.isController) }
}

/// An owner of an object.
package struct OwnerReference: Sendable, Hashable {
    /// The owner's group and version.
    package let apiVersion: String
    /// The owner's kind.
    package let kind: String
    /// The owner's name.
    package let name: String
    /// The owner's unique id.
    package let uid: String
    /// Whether this owner controls the object.
    package let isController: Bool
    /// Whether the owner waits for the object in a foreground deletion.
    package let blockOwnerDeletion: Bool

    /// An owner.
    package init(
        apiVersion: String, kind: String, name: String, uid: String, isController: Bool = false,
        blockOwnerDeletion: Bool = false
    ) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.uid = uid
        self.isController = isController
        self.blockOwnerDeletion = blockOwnerDeletion
    }

    /// Reads one entry of `metadata.ownerReferences`.
    package init(_ value: Value) {
        self.init(
            apiVersion: value.text("apiVersion"), kind: value.text("kind"), name: value.text("name"),
            uid: value.text("uid"), isController: value.flag("controller"),
            blockOwnerDeletion: value.flag("blockOwnerDeletion"))
    }

    /// The entry as JSON; flags are written only when set.
    package var value: Value {
        var value: Value = [
            "apiVersion": .string(apiVersion), "kind": .string(kind), "name": .string(name), "uid": .string(uid),
        ]
        if isController { value["controller"] = true }
        if blockOwnerDeletion { value["blockOwnerDeletion"] = true }
        return value
    }
}

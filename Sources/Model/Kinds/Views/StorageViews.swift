package import ObjectModel

/// A PersistentVolumeClaim.
package struct PersistentVolumeClaimView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.persistentVolumeClaims

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// The modes it asks for.
    package let accessModes: [String]
    /// The size it asks for.
    package let storageRequest: Quantity?
    /// The class; nil means the default one, empty means none.
    package let storageClassName: String?
    /// The volume it is bound to; empty while unbound.
    package let volumeName: String
    /// `Filesystem` or `Block`.
    package let volumeMode: String
    /// Which volumes may be bound; nil means all.
    package let selector: LabelSelector?
    /// `dataSource` or `dataSourceRef` as JSON.
    package let dataSource: Value?
    /// `Pending`, `Bound` or `Lost`.
    package let phase: String
    /// The size it got.
    package let capacity: [String: Quantity]
    /// The conditions.
    package let conditions: [ConditionView]

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        let spec = object.child("spec")
        let status = object.child("status")
        accessModes = spec.texts("accessModes")
        storageRequest = Quantity(spec.child("resources").child("requests")["storage"])
        storageClassName =
            metadata.annotations["volume.beta.kubernetes.io/storage-class"] ?? spec["storageClassName"]?.string
        volumeName = spec.text("volumeName")
        volumeMode = spec["volumeMode"]?.string ?? "Filesystem"
        selector = LabelSelector(spec["selector"])
        dataSource = spec.object("dataSourceRef") ?? spec.object("dataSource")
        phase = status["phase"]?.string ?? "Pending"
        capacity = status.quantities("capacity")
        conditions = status.items("conditions").map { ConditionView($0) }
    }

    /// Whether the claim has its volume.
    package var isBound: Bool { phase == "Bound" }
}

/// A PersistentVolume.
package struct PersistentVolumeView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.persistentVolumes

    /// The claim a volume is for.
    package struct ClaimReference: Sendable, Hashable {
        /// The claim's namespace.
        package let namespace: String
        /// The claim's name.
        package let name: String
        /// The claim's unique id; empty when the volume was reserved by name.
        package let uid: String
    }

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// The sizes.
    package let capacity: [String: Quantity]
    /// The modes it offers.
    package let accessModes: [String]
    /// `Retain`, `Delete` or `Recycle`.
    package let reclaimPolicy: String
    /// The class; empty means none.
    package let storageClassName: String
    /// `Filesystem` or `Block`.
    package let volumeMode: String
    /// The claim it is for.
    package let claim: ClaimReference?
    /// `spec` as JSON, the source among its fields.
    package let spec: Value
    /// `spec.nodeAffinity.required` as JSON.
    package let requiredNodeAffinity: Value?
    /// `Pending`, `Available`, `Bound`, `Released` or `Failed`.
    package let phase: String
    /// Why it failed.
    package let message: String

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        spec = object.child("spec")
        capacity = spec.quantities("capacity")
        accessModes = spec.texts("accessModes")
        reclaimPolicy = spec["persistentVolumeReclaimPolicy"]?.string ?? "Retain"
        storageClassName =
            metadata.annotations["volume.beta.kubernetes.io/storage-class"] ?? spec.text("storageClassName")
        volumeMode = spec["volumeMode"]?.string ?? "Filesystem"
        claim = spec.object("claimRef").map {
            ClaimReference(namespace: $0.text("namespace"), name: $0.text("name"), uid: $0.text("uid"))
        }
        requiredNodeAffinity = spec.child("nodeAffinity").object("required")
        phase = object.child("status")["phase"]?.string ?? "Pending"
        message = object.child("status").text("message")
    }
}

/// A StorageClass.
package struct StorageClassView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.storageClasses

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// Who makes volumes.
    package let provisioner: String
    /// What the provisioner is told.
    package let parameters: [String: String]
    /// `Delete` or `Retain`.
    package let reclaimPolicy: String
    /// Whether volumes are made only when a pod is placed.
    package let bindsOnFirstConsumer: Bool
    /// Whether claims may grow.
    package let allowVolumeExpansion: Bool
    /// The mount options.
    package let mountOptions: [String]
    /// `allowedTopologies` as JSON.
    package let allowedTopologies: [Value]

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        provisioner = object.text("provisioner")
        parameters = object.map("parameters")
        reclaimPolicy = object["reclaimPolicy"]?.string ?? "Delete"
        bindsOnFirstConsumer = object.text("volumeBindingMode") == "WaitForFirstConsumer"
        allowVolumeExpansion = object.flag("allowVolumeExpansion")
        mountOptions = object.texts("mountOptions")
        allowedTopologies = object.items("allowedTopologies")
    }

    /// Whether claims without a class get this one.
    package var isDefault: Bool {
        metadata.annotations["storageclass.kubernetes.io/is-default-class"] == "true"
            || metadata.annotations["storageclass.beta.kubernetes.io/is-default-class"] == "true"
    }
}

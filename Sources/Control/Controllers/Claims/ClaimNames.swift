package import ObjectModel

/// Annotations, finalizers and the provisioner that claim binding uses.
package enum ClaimNames {
    /// The node that the scheduler chose for a claim that waits for its first consumer.
    package static let selectedNode = "volume.kubernetes.io/selected-node"
    static let provisioner = "volume.kubernetes.io/storage-provisioner"
    static let bindCompleted = "pv.kubernetes.io/bind-completed"
    static let boundByController = "pv.kubernetes.io/bound-by-controller"
    static let provisionedBy = "pv.kubernetes.io/provisioned-by"
    static let claimProtection = "kubernetes.io/pvc-protection"
    static let volumeProtection = "kubernetes.io/pv-protection"
    static let hostname = "kubernetes.io/hostname"
}

/// Makes and deletes the storage of volumes, for one provisioner name of StorageClasses.
package struct VolumeSource: Sendable {
    /// The provisioner's name.
    package let name: String
    /// Makes storage for the volume `name` of at least `bytes`; returns the source for its spec. Idempotent by name.
    package let provision:
        @Sendable (_ name: String, _ bytes: Int64, _ parameters: [String: String]) async throws -> Value
    /// Deletes the storage of the volume `name`, given its spec. Idempotent.
    package let delete: @Sendable (_ name: String, _ spec: Value) async throws -> Void

    /// A source of volumes.
    package init(
        name: String,
        provision:
            @escaping @Sendable (_ name: String, _ bytes: Int64, _ parameters: [String: String]) async throws ->
            Value,
        delete: @escaping @Sendable (_ name: String, _ spec: Value) async throws -> Void
    ) {
        self.name = name
        self.provision = provision
        self.delete = delete
    }
}

internal import APIProtocol
internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

/// The writes of a binding.
enum ClaimBinding {
    static func volumeName(_ claim: CachedObject<PersistentVolumeClaimView>) -> String { "pvc-\(claim.uid)" }

    static func reference(_ claim: CachedObject<PersistentVolumeClaimView>) -> Value {
        ObjectReference(
            kind: GroupVersionKind(group: "", version: "v1", kind: "PersistentVolumeClaim"), key: claim.key,
            uid: claim.uid, resourceVersion: claim.revision.description
        ).object
    }

    /// Writes the volume into the claim, and the claim's status.
    static func complete(
        _ claim: CachedObject<PersistentVolumeClaimView>, volume: String, _ spec: Value, _ byController: Bool
    ) -> [Action] {
        var annotations: Value = [ClaimNames.bindCompleted: "yes"]
        if byController { annotations[ClaimNames.boundByController] = "yes" }
        let status: Value = [
            "phase": "Bound", "accessModes": spec["accessModes"] ?? [], "capacity": spec["capacity"] ?? [:],
        ]
        let body: Value = ["metadata": ["annotations": annotations], "spec": ["volumeName": .string(volume)]]
        return [
            .patch(.init(.persistentVolumeClaims, claim.key, uid: claim.uid, body)),
            .patch(
                .init(.persistentVolumeClaims, claim.key, uid: claim.uid, ["status": status], subresource: "status")),
        ]
    }

    /// Has storage made, then writes the volume and the whole binding.
    static func provision(
        _ claim: CachedObject<PersistentVolumeClaimView>, _ storageClass: StorageClassView, node: String,
        from source: VolumeSource
    ) -> Action.Effect {
        let name = volumeName(claim)
        let bytes = claim.view.storageRequest?.roundedUp ?? 0
        return Action.Effect("provision \(name)") { client in
            let volumeSource = try await source.provision(name, bytes, storageClass.parameters)
            let hostname =
                node.isEmpty ? "" : try await client.get(.nodes, name: node).labels[ClaimNames.hostname] ?? node
            let volume = volume(claim, storageClass, volumeSource, hostname: hostname)
            return [.create(.persistentVolumes, volume, acceptsExisting: true)]
                + complete(claim, volume: name, volume["spec"] ?? [:], true)
        }
    }

    private static func volume(
        _ claim: CachedObject<PersistentVolumeClaimView>, _ storageClass: StorageClassView, _ source: Value,
        hostname: String
    ) -> Value {
        let size = claim.view.storageRequest ?? Quantity(0)
        var spec: Value = [
            "capacity": ["storage": .string(size.text)],
            "accessModes": .array(claim.view.accessModes.map { .string($0) }), "claimRef": reference(claim),
            "persistentVolumeReclaimPolicy": .string(storageClass.reclaimPolicy),
            "storageClassName": .string(storageClass.metadata.name), "volumeMode": .string(claim.view.volumeMode),
        ]
        for field in source.fields ?? Fields() { spec[field.key] = field.value }
        if !storageClass.mountOptions.isEmpty {
            spec["mountOptions"] = .array(storageClass.mountOptions.map { .string($0) })
        }
        if !hostname.isEmpty, spec["nodeAffinity"] == nil {
            let expression: Value = [
                "key": .string(ClaimNames.hostname), "operator": "In", "values": [.string(hostname)],
            ]
            spec["nodeAffinity"] = ["required": ["nodeSelectorTerms": [["matchExpressions": [expression]]]]]
        }
        return [
            "apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": [
                "name": .string(volumeName(claim)), "finalizers": [.string(ClaimNames.volumeProtection)],
                "annotations": [ClaimNames.provisionedBy: .string(storageClass.provisioner)],
            ],
            "spec": spec,
        ]
    }
}

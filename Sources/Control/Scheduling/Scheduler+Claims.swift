internal import APIProtocol
internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

/// What the scheduler reads and writes of claims and volumes.
extension Scheduler {
    private static let selectedNode = "volume.kubernetes.io/selected-node"
    private static let boundByController = "pv.kubernetes.io/bound-by-controller"

    /// What the claims of a pod ask for, from the caches.
    func claimDemand(of pod: PodView) -> ClaimDemand {
        var demand = ClaimDemand()
        for name in Set(pod.spec.volumes.compactMap(\.claimName)).sorted() {
            let key = NamespacedName(namespace: pod.metadata.namespace, name: name)
            guard let claim = caches.claims.object(key) else {
                demand.obstacle = "persistentvolumeclaim \"\(name)\" not found"
                return demand
            }
            if claim.isBeingDeleted {
                demand.obstacle = "persistentvolumeclaim \"\(name)\" is being deleted"
                return demand
            }
            if claim.view.isBound {
                guard let volume = caches.volumes.object(NamespacedName(name: claim.view.volumeName)) else {
                    // Claims and volumes come by separate watches: it may be on its way.
                    let nodes = caches.nodes.allObjects.count
                    demand.obstacle =
                        "\(nodes) node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
                    return demand
                }
                if let affinity = volume.view.requiredNodeAffinity {
                    demand.volumeAffinities.append(NodeSelector(affinity))
                }
                continue
            }
            let storageClass = claim.view.storageClassName.flatMap { caches.classes.object(NamespacedName(name: $0)) }
            guard let storageClass = storageClass?.view, storageClass.bindsOnFirstConsumer else {
                demand.obstacle = "pod has unbound immediate PersistentVolumeClaims"
                return demand
            }
            demand.waiting.append(waiting(claim, storageClass))
        }
        return demand
    }

    private func waiting(
        _ claim: CachedObject<PersistentVolumeClaimView>, _ storageClass: StorageClassView
    ) -> WaitingClaim {
        let selected = claim.view.metadata.annotations[Self.selectedNode]
        return WaitingClaim(
            claim, storageClass, reserved: caches.volumes.objects("claim", claim.key.description),
            free: caches.volumes.objects("class", storageClass.metadata.name),
            // One that went cannot be waited for.
            selectedNode: selected.flatMap { caches.nodes.object(NamespacedName(name: $0)) == nil ? nil : $0 })
    }

    /// Writes what was chosen for claims: volumes get their claims, and provisioners are told the node.
    func prepare(_ choice: VolumeChoice, on node: String) async throws(APIError) {
        for binding in choice.bindings where !binding.volume.isBound { try await bind(binding) }
        for claim in choice.provisions {
            _ = try await client.patch(
                .persistentVolumeClaims, namespace: claim.namespace, name: claim.name,
                ["metadata": ["annotations": [Self.selectedNode: .string(node)]]])
        }
    }

    private func bind(_ binding: VolumeChoice.Binding) async throws(APIError) {
        let (claim, volume) = (binding.claim, binding.volume)
        let resource = APIResource.persistentVolumeClaims
        let reference = ObjectReference(
            kind: GroupVersionKind(resource.groupVersion, resource.kind), key: claim.key, uid: claim.uid,
            resourceVersion: claim.revision.description)
        _ = try await client.patch(
            .persistentVolumes, name: volume.name,
            [
                "metadata": [
                    "uid": .string(volume.uid), "resourceVersion": .string(volume.revision.description),
                    "annotations": [Self.boundByController: "yes"],
                ], "spec": ["claimRef": reference.object],
            ])
    }
}

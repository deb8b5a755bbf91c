internal import APIProtocol
package import ControllerRuntime
package import Kinds
package import ObjectModel

/// Keeps the phase of PersistentVolumes and reclaims those whose claim is gone.
package struct VolumeReconciler: Reconciler {
    /// What is known about a volume.
    package struct Observed: Sendable {
        /// The volume.
        package var volume: CachedObject<PersistentVolumeView>
        /// The claim that it names.
        package var claim: CachedObject<PersistentVolumeClaimView>?

        /// What is known about a volume.
        package init(
            volume: CachedObject<PersistentVolumeView>, claim: CachedObject<PersistentVolumeClaimView>? = nil
        ) {
            self.volume = volume
            self.claim = claim
        }
    }

    private let sources: [String: VolumeSource]

    /// A reconciler that has storage deleted by `sources`.
    package init(sources: [VolumeSource]) {
        self.sources = Dictionary(sources.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What the caches know of the volume and its claim.
    package func observe(_ key: NamespacedName, in caches: ControlCaches) -> Observed? {
        guard let volume = caches.volumes.object(key) else { return nil }
        let claim = volume.view.claim.flatMap {
            caches.claims.object(NamespacedName(namespace: $0.namespace, name: $0.name))
        }
        return Observed(volume: volume, claim: claim)
    }

    /// What to do: its phase, and reclaiming it when its claim is gone.
    package func reconcile(_ observed: Observed, at now: Timestamp) -> Plan {
        let volume = observed.volume
        guard let reference = volume.view.claim, !reference.uid.isEmpty else {
            if volume.isBeingDeleted { return unprotect(volume) }
            return phase(volume, "Available")
        }
        guard let claim = observed.claim, claim.uid == reference.uid else { return release(volume, reference) }
        if claim.view.volumeName == volume.key.name { return phase(volume, "Bound") }
        if claim.view.volumeName.isEmpty { return Plan(explanation: "its claim is about to be bound") }
        // The claim has found another volume.
        if volume.view.metadata.annotations[ClaimNames.boundByController] != nil {
            let body: Value = [
                "spec": ["claimRef": .null], "metadata": ["annotations": [ClaimNames.boundByController: .null]],
            ]
            return Plan(
                [.patch(.init(.persistentVolumes, volume.key, uid: volume.uid, revision: volume.revision, body))],
                explanation: "its claim is bound elsewhere")
        }
        // One that was made for the claim is needed by nobody; any other stays for its owner to look at.
        guard volume.view.metadata.annotations[ClaimNames.provisionedBy] != nil, volume.view.reclaimPolicy == "Delete"
        else { return Plan(explanation: "its claim is bound elsewhere") }
        return release(volume, reference, isBoundElsewhere: true)
    }

    private func phase(_ volume: CachedObject<PersistentVolumeView>, _ phase: String, message: String = "") -> Plan {
        guard volume.view.phase != phase || volume.view.message != message else { return .nothing }
        let status: Value = ["phase": .string(phase), "message": message.isEmpty ? .null : .string(message)]
        let patch = Action.Patch(
            .persistentVolumes, volume.key, uid: volume.uid, ["status": status], subresource: "status",
            acceptsMissing: true)
        return Plan([.patch(patch)], explanation: phase)
    }

    private func unprotect(_ volume: CachedObject<PersistentVolumeView>) -> Plan {
        let finalizers = volume.view.metadata.finalizers
        guard finalizers.contains(ClaimNames.volumeProtection) else { return .nothing }
        let kept = finalizers.filter { $0 != ClaimNames.volumeProtection }
        return Plan(
            [
                .patch(
                    .init(
                        .persistentVolumes, volume.key, uid: volume.uid, revision: volume.revision,
                        ["metadata": ["finalizers": kept.isEmpty ? .null : .array(kept.map { .string($0) })]],
                        acceptsMissing: true))
            ], explanation: "no claim holds it")
    }

    private func release(
        _ volume: CachedObject<PersistentVolumeView>, _ reference: PersistentVolumeView.ClaimReference,
        isBoundElsewhere: Bool = false
    ) -> Plan {
        // The cache of claims may be younger or older than that of volumes: the API decides before data is lost.
        let check = Action.Effect("look for the claim of \(volume.key.name)") { client in
            try await Self.requireGone(reference, from: volume.key.name, client)
            return []
        }
        var plan = Plan(
            [.effect(check)], explanation: isBoundElsewhere ? "its claim is bound elsewhere" : "its claim is gone")
        if volume.isBeingDeleted {
            let steps = unprotect(volume).steps
            return steps.isEmpty ? .nothing : Plan(steps: plan.steps + steps, explanation: plan.explanation)
        }
        plan.steps += phase(volume, "Released").steps
        let provisioner = volume.view.metadata.annotations[ClaimNames.provisionedBy] ?? ""
        guard volume.view.reclaimPolicy == "Delete", let source = sources[provisioner] else {
            return volume.view.phase == "Released" ? .nothing : plan
        }
        let failed = EventNote(
            ObjectReference(.persistentVolumes, volume.key, uid: volume.uid), .warning, reason: "VolumeFailedDelete",
            message: "")
        let delete = Action.Effect("delete the storage of \(volume.key.name)") { _ in
            try await source.delete(volume.key.name, volume.view.spec)
            return [.delete(.init(.persistentVolumes, volume.key, uid: volume.uid))]
        }
        plan.append(.effect(delete), onFailure: failed)
        return plan
    }

    /// Throws while the claim exists and has, or may yet get, this volume.
    private static func requireGone(
        _ reference: PersistentVolumeView.ClaimReference, from volume: String, _ client: APIClient
    ) async throws {
        do throws(APIError) {
            let claim = try await client.get(
                .persistentVolumeClaims, namespace: reference.namespace, name: reference.name)
            let other = PersistentVolumeClaimView(claim).volumeName
            if claim.uid == reference.uid, other.isEmpty || other == volume {
                throw APIError.status(
                    .conflict(
                        APIResource.persistentVolumeClaims.groupResource, name: reference.name, "the claim still exists"
                    ))
            }
        } catch {
            if !error.isNotFound { throw error }
        }
    }
}

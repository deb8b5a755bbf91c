internal import APIProtocol
package import ControllerRuntime
package import Kinds
package import ObjectModel

/// Binds PersistentVolumeClaims to volumes that exist, or has volumes made.
///
/// Keeps (https://kubernetes.io/docs/concepts/storage/persistent-volumes): a binding is exclusive and two-way; a claim
/// of a class that waits for its first consumer is left until the scheduler chose a node; a claim in use is not removed
/// before its pods are.
package struct ClaimReconciler: Reconciler {
    /// What is known about a claim.
    package struct Observed: Sendable {
        /// The claim.
        package var claim: CachedObject<PersistentVolumeClaimView>
        /// Its class; nil when it names none or one that does not exist.
        package var storageClass: StorageClassView?
        /// The class that claims without one get.
        package var defaultClass: StorageClassView?
        /// The volume it names.
        package var volume: CachedObject<PersistentVolumeView>?
        /// Volumes that name it.
        package var reserved: [CachedObject<PersistentVolumeView>]
        /// Volumes of its class that nobody has.
        package var candidates: [CachedObject<PersistentVolumeView>]
        /// Whether a pod that is placed on a node uses it.
        package var isInUse: Bool
        /// The node of such a pod.
        package var consumerNode: String

        /// What is known about a claim.
        package init(
            claim: CachedObject<PersistentVolumeClaimView>, storageClass: StorageClassView? = nil,
            defaultClass: StorageClassView? = nil, volume: CachedObject<PersistentVolumeView>? = nil,
            reserved: [CachedObject<PersistentVolumeView>] = [],
            candidates: [CachedObject<PersistentVolumeView>] = [], isInUse: Bool = false, consumerNode: String = ""
        ) {
            self.claim = claim
            self.storageClass = storageClass
            self.defaultClass = defaultClass
            self.volume = volume
            self.reserved = reserved
            self.candidates = candidates
            self.isInUse = isInUse
            self.consumerNode = consumerNode
        }
    }

    private let sources: [String: VolumeSource]

    /// A reconciler that has volumes made by `sources`.
    package init(sources: [VolumeSource]) {
        self.sources = Dictionary(sources.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What the caches know of the claim.
    package func observe(_ key: NamespacedName, in caches: ControlCaches) -> Observed? {
        guard let claim = caches.claims.object(key) else { return nil }
        let view = claim.view
        let className = view.storageClassName ?? ""
        func storageClass(_ name: String) -> StorageClassView? {
            name.isEmpty ? nil : caches.storageClasses.object(NamespacedName(name: name))?.view
        }
        let consumers = caches.pods.objects("claim", key.description).filter { $0.view.holdsClaims }
        return Observed(
            claim: claim, storageClass: storageClass(className),
            defaultClass: caches.storageClasses.objects("default", "true").map(\.view).max {
                ($0.metadata.creationTimestamp?.nanoseconds ?? 0) < ($1.metadata.creationTimestamp?.nanoseconds ?? 0)
            },
            volume: view.volumeName.isEmpty
                ? nil : caches.volumes.object(NamespacedName(name: view.volumeName)),
            reserved: caches.volumes.objects("claim", key.description),
            candidates: view.volumeName.isEmpty ? caches.volumes.objects("class", className) : [],
            isInUse: !consumers.isEmpty, consumerNode: consumers.first?.view.spec.nodeName ?? "")
    }

    /// What to do: binding it, having its volume made, or letting it go.
    package func reconcile(_ observed: Observed, at now: Timestamp) -> Plan {
        let claim = observed.claim
        if claim.isBeingDeleted { return unprotect(observed) }
        if !claim.view.volumeName.isEmpty { return keepBound(observed) }
        if let reserved = observed.reserved.first(where: { $0.view.claim?.uid == claim.uid })
            ?? observed.reserved.first(where: {
                $0.view.claim?.uid.isEmpty == true && $0.view.mismatch(with: claim.view) == nil
            })
        {
            return bind(claim, reserved, why: "the volume is reserved for it")
        }
        if claim.view.storageClassName == nil, let standard = observed.defaultClass {
            let patch = Action.Patch(
                .persistentVolumeClaims, claim.key, uid: claim.uid, revision: claim.revision,
                ["spec": ["storageClassName": .string(standard.metadata.name)]])
            return Plan([.patch(patch)], explanation: "it gets the default class")
        }
        let waits = observed.storageClass?.bindsOnFirstConsumer ?? false
        // A claim that was made anew for a pod that has its node already: the scheduler looks at that pod no more.
        let node = claim.view.metadata.annotations[ClaimNames.selectedNode] ?? observed.consumerNode
        if waits, node.isEmpty {
            let message = "waiting for first consumer to be created before binding"
            return Plan([event(claim, .normal, "WaitForFirstConsumer", message)], explanation: message)
        }
        // The scheduler looks at existing volumes for claims that wait: it reserves one, or chooses a node.
        if !waits, let volume = VolumeMatch.best(for: claim.view, among: observed.candidates) {
            return bind(claim, volume, why: "the smallest volume that fits")
        }
        return provision(observed, node: node)
    }

    private func unprotect(_ observed: Observed) -> Plan {
        let claim = observed.claim
        let finalizers = claim.view.metadata.finalizers
        guard finalizers.contains(ClaimNames.claimProtection) else { return .nothing }
        if observed.isInUse { return Plan(explanation: "a pod uses it") }
        let kept = finalizers.filter { $0 != ClaimNames.claimProtection }
        let patch = Action.patch(
            .init(
                .persistentVolumeClaims, claim.key, uid: claim.uid, revision: claim.revision,
                ["metadata": ["finalizers": kept.isEmpty ? .null : .array(kept.map { .string($0) })]],
                acceptsMissing: true))
        let effect = Action.Effect("release the claim \(claim.key)") { client in
            // A pod may have been placed that the cache does not show yet.
            let pods = try await client.list(.pods, namespace: claim.key.namespace)
            let isUsed = pods.items.map(PodView.init(_:)).contains { pod in
                pod.holdsClaims && pod.spec.volumes.contains { $0.claimName == claim.key.name }
            }
            return isUsed ? [] : [patch]
        }
        return Plan([.effect(effect)], explanation: "no pod uses it")
    }

    private func keepBound(_ observed: Observed) -> Plan {
        let claim = observed.claim
        guard let volume = observed.volume else {
            let wasBound = claim.view.metadata.annotations[ClaimNames.bindCompleted] != nil
            guard wasBound, claim.view.phase != "Lost" else { return Plan(explanation: "its volume does not exist") }
            let message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
            return Plan(
                [
                    .patch(
                        .init(
                            .persistentVolumeClaims, claim.key, uid: claim.uid, ["status": ["phase": "Lost"]],
                            subresource: "status")), event(claim, .warning, "ClaimLost", message),
                ], explanation: message)
        }
        let wasBound = claim.view.metadata.annotations[ClaimNames.bindCompleted] != nil
        if !wasBound, volume.view.claim?.uid != claim.uid, let mismatch = volume.view.mismatch(with: claim.view) {
            let message = "Cannot bind to requested volume \"\(volume.key.name)\": \(mismatch)"
            return Plan([event(claim, .warning, "VolumeMismatch", message)], explanation: message)
        }
        guard let owner = volume.view.claim else { return bind(claim, volume, why: "it names the volume") }
        let isOurs = owner.namespace == claim.key.namespace && owner.name == claim.key.name
        guard isOurs, owner.uid.isEmpty || owner.uid == claim.uid else {
            let message = "volume \"\(volume.key.name)\" already bound to a different claim."
            return Plan([event(claim, .warning, "FailedBinding", message)], explanation: message)
        }
        return bind(claim, volume, why: "both name each other")
    }

    /// What is still missing of a binding, from the volume's side to the claim's status.
    private func bind(
        _ claim: CachedObject<PersistentVolumeClaimView>, _ volume: CachedObject<PersistentVolumeView>, why: String
    ) -> Plan {
        var plan = Plan(explanation: "bound to \(volume.key.name): \(why)")
        if volume.view.claim?.uid != claim.uid {
            var body: Value = ["spec": ["claimRef": ClaimBinding.reference(claim)]]
            if volume.view.claim == nil {
                body["metadata"] = ["annotations": [ClaimNames.boundByController: "yes"]]
            }
            plan.append(
                .patch(.init(.persistentVolumes, volume.key, uid: volume.uid, revision: volume.revision, body)))
        }
        let isDone =
            claim.view.volumeName == volume.key.name && claim.view.isBound
            && claim.view.metadata.annotations[ClaimNames.bindCompleted] != nil
        if !isDone {
            let byController = claim.view.volumeName.isEmpty
            for action in ClaimBinding.complete(claim, volume: volume.key.name, volume.view.spec, byController) {
                plan.append(action)
            }
        }
        return plan
    }

    private func provision(_ observed: Observed, node: String) -> Plan {
        let claim = observed.claim
        guard let name = claim.view.storageClassName, !name.isEmpty else {
            let message = "no persistent volumes available for this claim and no storage class is set"
            return Plan([event(claim, .normal, "FailedBinding", message)], explanation: message)
        }
        guard let storageClass = observed.storageClass else {
            let message = "storageclass.storage.k8s.io \"\(name)\" not found"
            return Plan([event(claim, .warning, "ProvisioningFailed", message)], explanation: message)
        }
        if storageClass.provisioner == "kubernetes.io/no-provisioner" {
            let message = "no volume plugin matched name: \(storageClass.provisioner)"
            return Plan(explanation: message)
        }
        guard let source = sources[storageClass.provisioner] else {
            return external(claim, storageClass.provisioner)
        }
        let effect = ClaimBinding.provision(claim, storageClass, node: node, from: source)
        let volume = ClaimBinding.volumeName(claim)
        let done = note(
            claim, .normal, "ProvisioningSucceeded", "Successfully provisioned volume \(volume) using \(source.name)")
        let failed = note(
            claim, .warning, "ProvisioningFailed",
            "Failed to provision volume with StorageClass \"\(name)\": ")
        var plan = Plan(explanation: "provisioning \(volume)")
        plan.append(.effect(effect), onSuccess: done, onFailure: failed)
        return plan
    }

    private func external(_ claim: CachedObject<PersistentVolumeClaimView>, _ provisioner: String) -> Plan {
        let message =
            "Waiting for a volume to be created either by the external provisioner '\(provisioner)' or manually "
            + "by the system administrator. If volume creation is delayed, please verify that the provisioner is running "
            + "and correctly registered."
        var actions = [event(claim, .normal, "ExternalProvisioning", message)]
        if claim.view.metadata.annotations[ClaimNames.provisioner] != provisioner {
            let annotations: Value = [ClaimNames.provisioner: .string(provisioner)]
            actions.append(
                .patch(
                    .init(
                        .persistentVolumeClaims, claim.key, uid: claim.uid,
                        ["metadata": ["annotations": annotations]])))
        }
        return Plan(actions, explanation: "an outside provisioner serves it")
    }

    private func event(
        _ claim: CachedObject<PersistentVolumeClaimView>, _ severity: EventNote.Severity, _ reason: String,
        _ message: String
    ) -> Action { .event(note(claim, severity, reason, message)) }

    private func note(
        _ claim: CachedObject<PersistentVolumeClaimView>, _ severity: EventNote.Severity, _ reason: String,
        _ message: String
    ) -> EventNote {
        EventNote(
            ObjectReference(.persistentVolumeClaims, claim.key, uid: claim.uid), severity, reason: reason,
            message: message)
    }
}

extension PodView {
    /// Whether the claims it names are in use. Those of a pod that its node has done with are not: it may wait for them to
    /// go, with the finalizer of a foreground deletion, and they would wait for each other for ever.
    fileprivate var holdsClaims: Bool { isScheduled && !isShutDown }
}

internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

/// The writes that steps consist of, with upstream's events.
extension PodSteps {
    mutating func create(_ ordinal: Int) {
        let revision = revision(of: ordinal)
        let name = set.podName(ordinal)
        explanation = "creating \(name)"
        let existing = set.claims(ordinal).compactMap { claims[$0.name] }
        let ownership = ClaimOwnership(set)
        if let claim = existing.first(where: { ownership.isStale($0.view, pod: name) }) {
            explanation = "waiting: the claim \(claim.key.name) goes with an earlier \(name)"
            return
        }
        if let claim = existing.first(where: \.isBeingDeleted) {
            explanation = "waiting: the claim \(claim.key.name) is being deleted"
            let text = "Create Pod \(name) in StatefulSet \(set.metadata.name) failed error: pvc"
            podActions.append(
                PlannedAction(.event(note(.warning, "FailedCreate", "\(text) \(claim.key.name) is being deleted"))))
            return
        }
        createMissingClaims(ordinal)
        for claim in existing { give(claim, to: ClaimOwnership.pod(name, uid: ""), isScaledDown: false) }
        let pod = set.pod(ordinal, template: revision.template, revision: revision.name)
        podActions.append(planned(.create(.pods, pod), verb: "Create", name))
    }

    mutating func createMissingClaims(_ ordinal: Int) {
        let (pod, name) = (set.podName(ordinal), set.metadata.name)
        claimActions += set.claims(ordinal).filter { claims[$0.name] == nil }.map { claim in
            PlannedAction(
                .create(.persistentVolumeClaims, claim, acceptsExisting: true),
                onSuccess: note(
                    .normal, "SuccessfulCreate", "Create Claim \(claim.name) Pod \(pod) in StatefulSet \(name) success"),
                onFailure: note(
                    .warning, "FailedCreate",
                    "Create Claim \(claim.name) for Pod \(pod) in StatefulSet \(name) failed error: "))
        }
    }

    /// Sees to it that a pod's claims have the owners that the retention policy wants.
    mutating func giveClaims(of pod: CachedObject<PodView>, isScaledDown: Bool) {
        guard let ordinal = pod.view.ordinal else { return }
        for template in set.volumeClaimTemplates {
            guard let claim = claims[set.claimName(template, ordinal)] else { continue }
            give(claim, to: ClaimOwnership.pod(pod.key.name, uid: pod.uid), isScaledDown: isScaledDown)
        }
    }

    private mutating func give(
        _ claim: CachedObject<PersistentVolumeClaimView>, to pod: OwnerReference, isScaledDown: Bool
    ) {
        let ownership = ClaimOwnership(set)
        if pod.uid.isEmpty, ownership.hasConflict(claim.view, pod: pod) {
            let text =
                "PersistentVolumeClaim \(claim.key.name) has a conflicting OwnerReference that acts as a managing"
            let conflict = note(
                .warning, "ConflictingController",
                "\(text) controller, the retention policy is ignored for this claim")
            claimActions.append(PlannedAction(.event(conflict)))
        }
        guard !claim.isBeingDeleted,
            let owners = ownership.owners(of: claim.view, pod: pod, isScaledDown: isScaledDown)
        else { return }
        let patch = Action.Patch(
            .persistentVolumeClaims, claim.key, uid: claim.uid, revision: claim.revision,
            ["metadata": ["ownerReferences": .array(owners.map(\.value))]], acceptsMissing: true)
        claimActions.append(PlannedAction(.patch(patch)))
    }

    mutating func delete(_ pod: CachedObject<PodView>, because reason: String) {
        remove(pod, revision: nil, because: reason)
    }

    /// Deletes a pod as it was judged: one that has changed meanwhile, and may have become ready, is judged anew.
    mutating func replace(_ pod: CachedObject<PodView>, because reason: String) {
        remove(pod, revision: pod.revision, because: reason)
    }

    private mutating func remove(_ pod: CachedObject<PodView>, revision: Revision?, because reason: String) {
        guard !pod.view.isTerminating else { return }
        explanation = "deleting \(pod.key.name): \(reason)"
        let deletion = Action.Deletion(.pods, pod.key, uid: pod.uid, revision: revision)
        podActions.append(planned(.delete(deletion), verb: "Delete", pod.key.name))
    }

    /// Our API keeps the time itself; elsewhere it is written down when it is seen.
    mutating func recordReadiness(_ pod: CachedObject<PodView>) {
        let annotation = PodView.firstReadyAnnotation
        guard PodView.takesFirstReadyTime(pod.view.metadata.annotations) else { return }
        let time = pod.view.readyCondition?.lastTransitionTime ?? now
        let patch = Action.Patch(
            .pods, pod.key, uid: pod.uid, ["metadata": ["annotations": [annotation: .string(time.text)]]],
            acceptsMissing: true)
        podActions.append(PlannedAction(.patch(patch)))
    }

    mutating func repairIdentity(_ pod: CachedObject<PodView>) {
        guard let ordinal = pod.view.ordinal, pod.view.metadata.labels[PodView.podNameLabel] != pod.key.name else {
            return
        }
        let labels: Value = [
            PodView.podNameLabel: .string(pod.key.name), PodView.podIndexLabel: .string(String(ordinal)),
        ]
        let patch = Action.Patch(.pods, pod.key, uid: pod.uid, ["metadata": ["labels": labels]])
        podActions.append(planned(.patch(patch), verb: "Update", pod.key.name))
    }

    private func planned(_ action: Action, verb: String, _ pod: String) -> PlannedAction {
        let text = "\(verb) Pod \(pod) in StatefulSet \(set.metadata.name)"
        return PlannedAction(
            action, onSuccess: note(.normal, "Successful\(verb)", "\(text) successful"),
            onFailure: note(.warning, "Failed\(verb)", "\(text) failed error: "))
    }

    private func note(_ severity: EventNote.Severity, _ reason: String, _ message: String) -> EventNote {
        set.note(severity, reason, message)
    }
}

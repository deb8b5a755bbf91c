internal import APIProtocol
package import ControllerRuntime
internal import Kinds
package import ObjectModel

/// Keeps the pods of StatefulSets as their specs say.
///
/// Keeps (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset): with OrderedReady a pod is created
/// only when all before it run, are ready and available; the highest ordinal is deleted first and alone; updates go
/// from the highest ordinal down to the partition. No two pods of one ordinal ever exist: names see to that.
package struct StatefulSetReconciler: Reconciler {
    /// A reconciler.
    package init() {}

    /// What the caches know of the set, its pods, claims and revisions.
    package func observe(_ key: NamespacedName, in caches: ControlCaches) -> StatefulSetObserved? {
        guard let set = caches.statefulSets.object(key) else { return nil }
        var claims: [String: StatefulSetObserved.ClaimState] = [:]
        for ordinal in set.view.ordinals {
            for template in set.view.volumeClaimTemplates {
                let name = set.view.claimName(template, ordinal)
                let claim = caches.claims.object(NamespacedName(namespace: key.namespace, name: name))
                claims[name] = claim.map { $0.isBeingDeleted ? .beingDeleted : .exists }
            }
        }
        let revisions = caches.revisions.objects("controller", set.uid)
        return StatefulSetObserved(
            set: set, pods: caches.pods.objects("controller", set.uid),
            orphans: caches.pods.objects("orphan", key.namespace), claims: claims, revisions: revisions,
            takenRevisionNames: takenNames(set.view, revisions, caches))
    }

    /// Names that the next revision would get, if objects with other data did not have them.
    private func takenNames(
        _ set: StatefulSetView, _ revisions: [CachedObject<ControllerRevisionView>], _ caches: ControlCaches
    ) -> Set<String> {
        let data = RevisionData.data(template: set.template)
        if revisions.contains(where: { $0.view.data == data }) { return [] }
        var taken: Set<String> = []
        var collisions = set.status.collisionCount ?? 0
        while true {
            let hash = RevisionData.hash(data, collisionCount: collisions)
            let name = RevisionData.name(parent: set.metadata.name, hash: hash)
            let key = NamespacedName(namespace: set.metadata.namespace, name: name)
            guard caches.revisions.object(key) != nil else { return taken }
            taken.insert(name)
            collisions += 1
        }
    }

    /// What to do: revisions, claims, pods and status, in this order.
    package func reconcile(_ observed: StatefulSetObserved, at now: Timestamp) -> Plan {
        let set = observed.set.view
        guard let selector = set.selector else { return Plan(explanation: "the selector is not valid") }
        let members = observed.pods.filter { selects(set, selector, $0.view) }
        let pods = members.map(\.view)
        let history = RevisionHistory(
            set, revisions: observed.revisions, isTaken: observed.takenRevisionNames.contains)
        var steps = PodSteps(set, history: history, pods: members, claims: observed.claims, at: now)
        var plan = Plan()
        if !observed.set.isBeingDeleted {
            for action in history.actions { plan.append(action) }
            plan.append(together: ownership(observed, selector))
            steps.decide()
            plan.append(together: steps.claimActions)
        }
        var status = StatefulSetStatus(set, history: history, pods: pods, at: now)
        status.currentReplicas -= min(steps.replacedForUpdate, status.currentReplicas)
        status.completeRollingUpdate(set)
        // The status is counted from what was observed, so it may be written beside the pods.
        plan.append(together: updateStatus(observed.set, status) + steps.podActions, first: 2)
        if !observed.set.isBeingDeleted {
            for action in history.truncation(limit: set.revisionHistoryLimit, pods: pods) { plan.append(action) }
        }
        for pod in pods {
            if let time = pod.timeUntilAvailable(set.minReadySeconds, now) { plan.recheck(after: time) }
        }
        plan.explanation = steps.explanation
        return plan
    }

    private func selects(_ set: StatefulSetView, _ selector: LabelSelector, _ pod: PodView) -> Bool {
        set.isParent(ofPodNamed: pod.metadata.name) && selector.matches(pod.metadata.labels)
    }

    private func updateStatus(_ set: CachedObject<StatefulSetView>, _ status: StatefulSetStatus) -> [PlannedAction] {
        guard status.differs(from: set.view.status) else { return [] }
        let patch = Action.Patch(
            .statefulSets, set.key, uid: set.uid, revision: set.revision, status.patch, subresource: "status")
        return [PlannedAction(.patch(patch))]
    }

    /// Takes over pods that the selector chooses and nobody controls, and lets go of those it no longer chooses.
    private func ownership(_ observed: StatefulSetObserved, _ selector: LabelSelector) -> [PlannedAction] {
        let set = observed.set
        let adopted = observed.orphans.filter { !$0.isBeingDeleted && selects(set.view, selector, $0.view) }
        let released = observed.pods.filter { !$0.isBeingDeleted && !selects(set.view, selector, $0.view) }
        let adoptions = adopted.map { pod in
            let owners = pod.view.metadata.ownerReferences + [set.view.owner]
            let patch = Self.owners(owners, of: pod)
            return PlannedAction(
                .effect(
                    Action.Effect("adopt \(pod.key.name)") { client in
                        // A stale cache could otherwise take over pods that were orphaned on purpose.
                        let live = try await client.get(.statefulSets, namespace: set.key.namespace, name: set.key.name)
                        return live.uid == set.uid && !live.isBeingDeleted ? [patch] : []
                    }))
        }
        let releases = released.map { pod in
            PlannedAction(Self.owners(pod.view.metadata.ownerReferences.filter { $0.uid != set.uid }, of: pod))
        }
        return adoptions + releases
    }

    private static func owners(_ owners: [OwnerReference], of pod: CachedObject<PodView>) -> Action {
        .patch(
            Action.Patch(
                .pods, pod.key, uid: pod.uid, revision: pod.revision,
                ["metadata": ["ownerReferences": .array(owners.map(\.value))]], acceptsMissing: true))
    }
}

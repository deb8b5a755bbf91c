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
        var claims: [String: CachedObject<PersistentVolumeClaimView>] = [:]
        let pods = caches.pods.objects("controller", set.uid)
        let existing = Set(pods.compactMap(\.view.ordinal))
        let surplus = existing.filter { !set.view.ordinals.contains($0) }
        for ordinal in PodSteps.judged(set.view, existing: existing) + surplus {
            for template in set.view.volumeClaimTemplates {
                let name = set.view.claimName(template, ordinal)
                claims[name] = caches.claims.object(NamespacedName(namespace: key.namespace, name: name))
            }
        }
        let revisions = caches.revisions.objects("controller", set.uid)
        let names = names(set.view, revisions, caches)
        return StatefulSetObserved(
            set: set, pods: pods, orphans: caches.pods.objects("orphan", key.namespace), claims: claims,
            revisions: revisions,
            orphanRevisions: caches.revisions.objects("orphan", key.namespace), takenRevisionNames: names.taken,
            equalRevisionName: names.equal)
    }

    /// What the names are used for that the next revision would get: up to the first that is free or has its data.
    private func names(
        _ set: StatefulSetView, _ revisions: [CachedObject<ControllerRevisionView>], _ caches: ControlCaches
    ) -> (taken: Set<String>, equal: String?) {
        let data = RevisionData.data(template: set.template)
        if revisions.contains(where: { $0.view.data == data }) { return ([], nil) }
        var taken: Set<String> = []
        var collisions = set.status.collisionCount ?? 0
        while true {
            let hash = RevisionData.hash(data, collisionCount: collisions)
            let name = RevisionData.name(parent: set.metadata.name, hash: hash)
            let key = NamespacedName(namespace: set.metadata.namespace, name: name)
            guard let known = caches.revisions.object(key) else { return (taken, nil) }
            if known.view.data == data { return (taken, name) }
            taken.insert(name)
            collisions += 1
        }
    }

    /// What to do, in this order: revisions, status and claims, pods.
    package func reconcile(_ observed: StatefulSetObserved, at now: Timestamp) -> Plan {
        let set = observed.set.view
        guard let selector = set.selector else { return Plan(explanation: "the selector is not valid") }
        let adoption = Adoption(observed, selector)
        if !observed.set.isBeingDeleted, !adoption.adoptions.isEmpty {
            // What is judged without them would be wrong: pods would be made twice and revisions anew.
            let steps = Plan.Step.together(adoption.adoptions + adoption.releases)
            return Plan(steps: [steps], explanation: "adopting \(adoption.adoptions.count) orphans")
        }
        let members = observed.pods.filter { set.selects($0.view, selector) }
        let history = RevisionHistory(
            set, revisions: observed.revisions, equalName: observed.equalRevisionName,
            isTaken: observed.takenRevisionNames.contains)
        var steps = PodSteps(set, history: history, pods: members, claims: observed.claims, at: now)
        var plan = Plan()
        if !observed.set.isBeingDeleted {
            for action in history.actions { plan.append(action) }
            plan.append(together: adoption.releases)
            steps.decide()
        }
        var status = StatefulSetStatus(set, history: history, pods: members, at: now)
        status.currentReplicas -= min(steps.replacedForUpdate, status.currentReplicas)
        status.completeRollingUpdate(set)
        // The status is counted from what was observed, so it is written beside the first that is done: a claim or a pod
        // that cannot be created must not keep it from being told.
        let statusActions = updateStatus(observed.set, status)
        if steps.claimActions.isEmpty {
            plan.append(together: statusActions + steps.podActions, first: 2)
        } else {
            plan.append(together: statusActions + steps.claimActions, first: 2)
            plan.append(together: steps.podActions)
        }
        if !observed.set.isBeingDeleted {
            for action in history.truncation(limit: set.revisionHistoryLimit, pods: members) { plan.append(action) }
        }
        for pod in members {
            if let time = pod.view.timeUntilAvailable(set.minReadySeconds, now) { plan.recheck(after: time) }
        }
        plan.explanation = steps.explanation
        return plan
    }

    private func updateStatus(_ set: CachedObject<StatefulSetView>, _ status: StatefulSetStatus) -> [PlannedAction] {
        guard status.differs(from: set.view.status) else { return [] }
        let patch = Action.Patch(
            .statefulSets, set.key, uid: set.uid, revision: set.revision, status.patch, subresource: "status")
        return [PlannedAction(.patch(patch))]
    }
}

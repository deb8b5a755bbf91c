internal import APIProtocol
package import ControllerRuntime
package import Kinds
package import ObjectModel

/// Keeps a ReplicaSet for each template that a Deployment has had, and moves the pods to the newest one.
///
/// Keeps (https://kubernetes.io/docs/concepts/workloads/controllers/deployment): while a rollout is under way, at least
/// `replicas - maxUnavailable` pods are available and at most `replicas + maxSurge` exist that are not going away; with
/// Recreate no new pod is made while an old one runs; a paused Deployment is scaled, but not rolled.
package struct DeploymentReconciler: Reconciler {
    /// What is known about a Deployment at one moment.
    package struct Observed {
        /// The Deployment.
        package var deployment: CachedObject<DeploymentView>
        /// The ReplicaSets it controls.
        package var sets: [CachedObject<ReplicaSetView>]
        /// ReplicaSets of the namespace that nobody controls.
        package var orphans: [CachedObject<ReplicaSetView>]
        /// The uids of its sets with pods that have not ended: known with strategy Recreate.
        package var runningOwners: Set<String>
        /// Names for a new set that other sets have already.
        package var takenNames: Set<String>

        /// What is known about a Deployment.
        package init(
            deployment: CachedObject<DeploymentView>, sets: [CachedObject<ReplicaSetView>],
            orphans: [CachedObject<ReplicaSetView>] = [], runningOwners: Set<String> = [],
            takenNames: Set<String> = []
        ) {
            self.deployment = deployment
            self.sets = sets
            self.orphans = orphans
            self.runningOwners = runningOwners
            self.takenNames = takenNames
        }
    }

    /// A reconciler.
    package init() {}

    /// What the caches know of the Deployment and its sets.
    package func observe(_ key: NamespacedName, in caches: ControlCaches) -> Observed? {
        guard let deployment = caches.deployments.object(key) else { return nil }
        let sets = caches.replicaSets.objects("controller", deployment.uid)
        return Observed(
            deployment: deployment, sets: sets, orphans: caches.replicaSets.objects("orphan", key.namespace),
            runningOwners: deployment.view.isRollingUpdate ? [] : runningOwners(sets, caches),
            takenNames: takenNames(deployment.view, caches))
    }

    private func runningOwners(_ sets: [CachedObject<ReplicaSetView>], _ caches: ControlCaches) -> Set<String> {
        let running = sets.filter { set in
            caches.pods.objects("controller", set.uid).contains { !$0.view.isTerminal }
        }
        return Set(running.map(\.uid))
    }

    /// The names that the next set would get, up to the first that is free.
    private func takenNames(_ deployment: DeploymentView, _ caches: ControlCaches) -> Set<String> {
        var taken: Set<String> = []
        _ = NewReplicaSet.freeHash(deployment) { name in
            let key = NamespacedName(namespace: deployment.metadata.namespace, name: name)
            guard caches.replicaSets.object(key) != nil else { return false }
            taken.insert(name)
            return true
        }
        return taken
    }

    /// What to do: owners, sets and status, in this order.
    package func reconcile(_ observed: Observed, at now: Timestamp) -> Plan {
        let deployment = observed.deployment
        guard let selector = deployment.view.selector, !selector.requirements.isEmpty else {
            return Plan(explanation: "the selector is not valid")
        }
        if !deployment.isBeingDeleted {
            let claims = claims(observed, selector)
            if !claims.isEmpty { return Plan(steps: [.together(claims)], explanation: "adopting and releasing sets") }
        }
        let sets = observed.sets.filter { selector.matches($0.view.metadata.labels) }
        var rollout = Rollout(observed, sets: sets, at: now)
        return rollout.plan()
    }

    private func claims(_ observed: Observed, _ selector: LabelSelector) -> [PlannedAction] {
        let claimant = Claimant(observed.deployment)
        let adoptions = observed.orphans.filter {
            !$0.isBeingDeleted && selector.matches($0.view.metadata.labels)
        }
        let releases = observed.sets.filter { !$0.isBeingDeleted && !selector.matches($0.view.metadata.labels) }
        return adoptions.map { claimant.adopt($0) } + releases.map { claimant.release($0) }
    }
}

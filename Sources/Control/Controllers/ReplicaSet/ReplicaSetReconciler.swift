internal import APIProtocol
package import ControllerRuntime
package import Kinds
package import ObjectModel

/// Keeps as many pods as ReplicaSets say.
///
/// Keeps (https://kubernetes.io/docs/concepts/workloads/controllers/replicaset): pods that the selector chooses and
/// nobody controls are adopted, others are let go; pods that are missing are created with a slow start; of too many
/// those go first that would be missed least (`DeletionRanking`). Pods that ended are replaced and left as they are.
package struct ReplicaSetReconciler: Reconciler {
    /// What is known about a set at one moment.
    package struct Observed {
        /// The set.
        package var set: CachedObject<ReplicaSetView>
        /// The pods it controls.
        package var pods: [CachedObject<PodView>]
        /// Pods of the namespace that nobody controls.
        package var orphans: [CachedObject<PodView>]
        /// Active pods of the set and of those with the same controller, by node: known when some must go.
        package var neighbours: [String: Int]

        /// What is known about a set.
        package init(
            set: CachedObject<ReplicaSetView>, pods: [CachedObject<PodView>], orphans: [CachedObject<PodView>] = [],
            neighbours: [String: Int] = [:]
        ) {
            self.set = set
            self.pods = pods
            self.orphans = orphans
            self.neighbours = neighbours
        }
    }

    /// How many pods one plan creates or deletes at most. When that is seen, the set is judged again.
    private static let burst = 500

    /// A reconciler.
    package init() {}

    /// What the caches know of the set and its pods.
    package func observe(_ key: NamespacedName, in caches: ControlCaches) -> Observed? {
        guard let set = caches.replicaSets.object(key) else { return nil }
        let pods = caches.pods.objects("controller", set.uid)
        let isTooMany = pods.count(where: \.view.isActive) > set.view.replicas
        return Observed(
            set: set, pods: pods, orphans: caches.pods.objects("orphan", key.namespace),
            neighbours: isTooMany ? neighbours(of: set, pods, caches) : [:])
    }

    private func neighbours(
        of set: CachedObject<ReplicaSetView>, _ pods: [CachedObject<PodView>], _ caches: ControlCaches
    ) -> [String: Int] {
        let siblings = set.view.metadata.controller.map { caches.replicaSets.objects("controller", $0.uid) } ?? []
        let others = siblings.filter { $0.uid != set.uid }.flatMap { caches.pods.objects("controller", $0.uid) }
        return (pods + others).filter(\.view.isActive).reduce(into: [:]) { $0[$1.view.spec.nodeName, default: 0] += 1 }
    }

    /// What to do: owners, pods and status, in this order.
    package func reconcile(_ observed: Observed, at now: Timestamp) -> Plan {
        let set = observed.set
        guard let selector = set.view.selector else { return Plan(explanation: "the selector is not valid") }
        if !set.isBeingDeleted {
            let claims = claims(observed, selector)
            if !claims.isEmpty { return Plan(steps: [.together(claims)], explanation: "adopting and releasing pods") }
        }
        let members = observed.pods.filter { selector.matches($0.view.metadata.labels) }
        let active = members.filter(\.view.isActive)
        var status = set.view.status
        status.count(
            active: active.map(\.view), terminating: members.count { $0.view.isTerminating && !$0.view.isTerminal },
            of: set.view, at: now)
        var plan = Plan()
        if !set.isBeingDeleted { correct(observed, active: active, status, at: now, &plan) }
        status.conditions.remove(ReplicaSetStatusView.replicaFailure)
        if let update = status.update(of: set) { plan.append(update) }
        for pod in active {
            if let time = pod.view.timeUntilAvailable(set.view.minReadySeconds, now) { plan.recheck(after: time) }
        }
        return plan
    }

    private func claims(_ observed: Observed, _ selector: LabelSelector) -> [PlannedAction] {
        let claimant = Claimant(observed.set)
        let adoptions = observed.orphans.filter { $0.view.isActive && selector.matches($0.view.metadata.labels) }
        let releases = observed.pods.filter { $0.view.isActive && !selector.matches($0.view.metadata.labels) }
        return adoptions.map { claimant.adopt($0) } + releases.map { claimant.release($0) }
    }

    /// Creates what is missing, or deletes what is too much.
    private func correct(
        _ observed: Observed, active: [CachedObject<PodView>], _ status: ReplicaSetStatusView, at now: Timestamp,
        _ plan: inout Plan
    ) {
        let set = observed.set
        let missing = set.view.replicas - active.count
        if missing > 0 {
            let failed = status.failure(of: set, "FailedCreate", at: now)
            let creation = PlannedAction(
                .create(.pods, set.view.pod), onSuccess: set.view.note(.normal, "SuccessfulCreate", "Created pod: "),
                onFailure: set.view.note(.warning, "FailedCreate", "Error creating: "), afterFailure: failed)
            let count = min(missing, Self.burst)
            plan.append(together: Array(repeating: creation, count: count))
            plan.explanation = "creating \(count) of \(missing) missing pods"
        } else if missing < 0 {
            let failed = status.failure(of: set, "FailedDelete", prefix: "unable to delete pods: ", at: now)
            let ranking = DeletionRanking(neighbours: observed.neighbours, now: now)
            let excess = active.sorted { ranking.goesFirst($0.view, $1.view) }.prefix(min(-missing, Self.burst))
            let deletions = excess.map { pod in
                PlannedAction(
                    .delete(.init(.pods, pod.key, uid: pod.uid)),
                    onSuccess: set.view.note(.normal, "SuccessfulDelete", "Deleted pod: \(pod.key.name)"),
                    onFailure: set.view.note(.warning, "FailedDelete", "Error deleting: "), afterFailure: failed)
            }
            plan.append(together: deletions, first: deletions.count)
            plan.explanation = "deleting \(deletions.count) of \(-missing) pods too many"
        }
    }
}

extension ReplicaSetView {
    /// A pod, to be named by the server.
    fileprivate var pod: Value {
        [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": PodTemplate.metadata(template, of: self, labels: template.labels),
            "spec": template["spec"] ?? .emptyObject,
        ]
    }
}

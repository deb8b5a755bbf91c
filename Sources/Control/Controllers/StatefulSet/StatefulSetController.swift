package import ControllerRuntime
package import Kinds
package import ObjectModel

extension Controllers {
    static func statefulSets(_ setting: Setting) -> [any ControlLoop] {
        let caches = setting.caches
        let events = setting.recorder("statefulset-controller")
        let controller = Controller(
            "statefulset", StatefulSetReconciler(), caches: caches,
            sources: [caches.statefulSets, caches.pods, caches.claims, caches.revisions], client: setting.client,
            events: events, clock: setting.clock, metrics: setting.metrics, logger: setting.logger)
        let metrics = StatefulSetMetrics(setting.metrics)
        caches.statefulSets.onChange { metrics.apply($0) }
        controller.enqueueChanges(of: caches.statefulSets) { [$0.latest.key] }
        controller.enqueueChanges(of: caches.pods) { change in
            [change.old, change.new].flatMap { $0.map { owners(of: $0, in: caches) } ?? [] }
        }
        controller.enqueueChanges(of: caches.claims) { change in
            canFreeAPod(change) ? sets(usingClaim: change.latest.key, caches) : []
        }
        controller.enqueueChanges(of: caches.revisions) { change in
            let revision = change.latest
            return revision.view.metadata.controller.map {
                [NamespacedName(namespace: revision.key.namespace, name: $0.name)]
            } ?? sets(selecting: revision.view.metadata.labels, in: revision.key.namespace, caches)
        }
        return [controller, events]
    }

    /// The set that controls a pod or, for one that nobody controls, the sets that would take it.
    private static func owners(of pod: CachedObject<PodView>, in caches: ControlCaches) -> [NamespacedName] {
        if let owner = pod.view.metadata.controller {
            guard owner.kind == StatefulSetView.resource.kind else { return [] }
            return [NamespacedName(namespace: pod.key.namespace, name: owner.name)]
        }
        guard let parent = PodOrdinal.parse(pod.key.name)?.parent else { return [] }
        let key = NamespacedName(namespace: pod.key.namespace, name: parent)
        return caches.statefulSets.object(key) == nil ? [] : [key]
    }

    /// Whether a pod may have waited for this: a claim goes, or those that owned it let it go.
    package static func canFreeAPod(_ change: CacheChange<PersistentVolumeClaimView>) -> Bool {
        guard let old = change.old?.view, let new = change.new?.view else { return change.new == nil }
        return old.metadata.ownerReferences != new.metadata.ownerReferences
    }

    /// The sets that would use a claim of this name, whoever made it: they wait for one that is on its way out.
    package static func sets(usingClaim claim: NamespacedName, _ caches: ControlCaches) -> [NamespacedName] {
        guard let ordinal = PodOrdinal.parse(claim.name)?.ordinal else { return [] }
        return caches.statefulSets.objects("namespace", claim.namespace).filter { set in
            set.view.volumeClaimTemplates.contains { set.view.claimName($0, ordinal) == claim.name }
        }.map(\.key)
    }

    private static func sets(
        selecting labels: [String: String], in namespace: String, _ caches: ControlCaches
    ) -> [NamespacedName] {
        caches.statefulSets.objects("namespace", namespace).filter {
            $0.view.selector?.matches(labels) ?? false
        }.map(\.key)
    }
}

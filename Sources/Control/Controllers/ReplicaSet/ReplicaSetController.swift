internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

extension Controllers {
    static func replicaSets(_ setting: Setting) -> [any ControlLoop] {
        let caches = setting.caches
        let events = setting.recorder("replicaset-controller")
        let controller = Controller(
            "replicaset", ReplicaSetReconciler(), caches: caches, sources: [caches.replicaSets, caches.pods],
            client: setting.client, events: events, clock: setting.clock, metrics: setting.metrics,
            logger: setting.logger)
        controller.enqueueChanges(of: caches.replicaSets) { [$0.latest.key] }
        controller.enqueueChanges(of: caches.pods) { change in
            [change.old, change.new].flatMap { $0.map { owners(of: $0, in: caches) } ?? [] }
        }
        return [controller, events]
    }

    /// The set that controls a pod or, for one that nobody controls, the sets that would take it.
    private static func owners(of pod: CachedObject<PodView>, in caches: ControlCaches) -> [NamespacedName] {
        if let owner = pod.view.metadata.controller {
            guard owner.kind == ReplicaSetView.resource.kind else { return [] }
            return [NamespacedName(namespace: pod.key.namespace, name: owner.name)]
        }
        return caches.replicaSets.objects("namespace", pod.key.namespace).filter {
            $0.view.selector?.matches(pod.view.metadata.labels) ?? false
        }.map(\.key)
    }
}

internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

extension Controllers {
    static func deployments(_ setting: Setting) -> [any ControlLoop] {
        let caches = setting.caches
        let events = setting.recorder("deployment-controller")
        let controller = Controller(
            "deployment", DeploymentReconciler(), caches: caches,
            sources: [caches.deployments, caches.replicaSets, caches.pods], client: setting.client, events: events,
            clock: setting.clock, metrics: setting.metrics, logger: setting.logger)
        controller.enqueueChanges(of: caches.deployments) { [$0.latest.key] }
        // Pods need no subscription of their own: each that comes or goes changes the status of its set.
        controller.enqueueChanges(of: caches.replicaSets) { change in
            [change.old, change.new].flatMap { $0.map { owners(of: $0, in: caches) } ?? [] }
        }
        return [controller, events]
    }

    /// The Deployment that controls a set or, for one that nobody controls, the Deployments that would take it.
    private static func owners(of set: CachedObject<ReplicaSetView>, in caches: ControlCaches) -> [NamespacedName] {
        if let owner = set.view.metadata.controller {
            guard owner.kind == DeploymentView.resource.kind else { return [] }
            return [NamespacedName(namespace: set.key.namespace, name: owner.name)]
        }
        return caches.deployments.objects("namespace", set.key.namespace).filter {
            $0.view.selector?.matches(set.view.metadata.labels) ?? false
        }.map(\.key)
    }
}

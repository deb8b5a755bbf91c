package import ControllerRuntime
package import Kinds
package import ObjectModel

extension Controllers {
    static func claims(_ setting: Setting) -> [any ControlLoop] {
        let caches = setting.caches
        let events = setting.recorder("persistentvolume-controller")
        let controller = Controller(
            "persistentvolumeclaim", ClaimReconciler(sources: setting.volumeSources), caches: caches,
            sources: [caches.claims, caches.volumes, caches.storageClasses, caches.pods], client: setting.client,
            events: events, backOff: BackOff(first: .milliseconds(5), last: .seconds(60)), clock: setting.clock,
            metrics: setting.metrics, logger: setting.logger)
        controller.enqueueChanges(of: caches.claims) { [$0.latest.key] }
        controller.enqueueChanges(of: caches.volumes) { claims(wokenBy: $0, caches) }
        controller.enqueueChanges(of: caches.storageClasses) { change in
            let names = [change.latest.key.name] + (change.latest.view.isDefault ? ["-"] : [])
            return names.flatMap { caches.claims.objects("unbound", $0).map(\.key) }
        }
        controller.enqueueChanges(of: caches.pods) { change in
            let isPlaced = change.old?.view.isScheduled == false && change.new?.view.isScheduled == true
            let isShutDown = change.old?.view.isShutDown == false && change.new?.view.isShutDown == true
            guard change.new == nil || isPlaced || isShutDown else { return [] }
            return change.latest.view.spec.volumes.compactMap(\.claimName).map {
                NamespacedName(namespace: change.latest.key.namespace, name: $0)
            }
        }
        return [controller, events]
    }

    /// The claims that a change of a volume may concern.
    package static func claims(
        wokenBy change: CacheChange<PersistentVolumeView>, _ caches: ControlCaches
    ) -> [NamespacedName] {
        let references = [change.old, change.new].compactMap { $0?.view.claim }
        let named = references.map { NamespacedName(namespace: $0.namespace, name: $0.name) }
        let users = caches.claims.objects("volume", change.latest.key.name).map(\.key)
        // A volume that becomes free may be what a claim of its class waits for.
        let isFree = change.new.map { $0.view.claim == nil } ?? false
        let className = change.latest.view.storageClassName
        // A claim that names no class takes a volume without one.
        let classes = isFree ? [className] + (className.isEmpty ? ["-"] : []) : []
        return named + users + classes.flatMap { caches.claims.objects("unbound", $0).map(\.key) }
    }

    static func volumes(_ setting: Setting) -> [any ControlLoop] {
        let caches = setting.caches
        let events = setting.recorder("persistentvolume-controller")
        let controller = Controller(
            "persistentvolume", VolumeReconciler(sources: setting.volumeSources), caches: caches,
            sources: [caches.volumes, caches.claims], client: setting.client, events: events,
            backOff: BackOff(first: .milliseconds(5), last: .seconds(60)), clock: setting.clock,
            metrics: setting.metrics, logger: setting.logger)
        controller.enqueueChanges(of: caches.volumes) { [$0.latest.key] }
        controller.enqueueChanges(of: caches.claims) { change in
            let own = caches.volumes.objects("claim", change.latest.key.description).map(\.key)
            return own + [change.latest.view.volumeName].filter { !$0.isEmpty }.map { NamespacedName(name: $0) }
        }
        return [controller, events]
    }
}

internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

extension Controllers {
    static func namespaceDefaults(_ setting: Setting) -> [any ControlLoop] {
        let caches = setting.caches
        let events = setting.recorder("namespace-defaults-controller")
        let controller = Controller(
            "namespace-defaults", NamespaceDefaultsReconciler(caPEM: setting.caPEM), caches: caches,
            sources: [caches.namespaces, caches.serviceAccounts, caches.rootCertificates], client: setting.client,
            events: events, clock: setting.clock, metrics: setting.metrics, logger: setting.logger)
        controller.enqueueChanges(of: caches.namespaces) { [$0.latest.key] }
        controller.enqueueChanges(of: caches.serviceAccounts) { change in
            change.new == nil ? [NamespacedName(name: change.latest.key.namespace)] : []
        }
        controller.enqueueChanges(of: caches.rootCertificates) { [NamespacedName(name: $0.latest.key.namespace)] }
        return [controller, events]
    }

    static func namespaceDeletion(_ setting: Setting) -> [any ControlLoop] {
        let caches = setting.caches
        let events = setting.recorder("namespace-controller")
        let controller = Controller(
            "namespace", NamespaceDeletionReconciler(resources: setting.resources), caches: caches,
            sources: [caches.namespaces, caches.pods], client: setting.client, events: events,
            backOff: BackOff(first: .milliseconds(50), last: .seconds(5)), clock: setting.clock,
            metrics: setting.metrics, logger: setting.logger)
        controller.enqueueChanges(of: caches.namespaces) { [$0.latest.key] }
        controller.enqueueChanges(of: caches.pods) { change in
            change.new == nil ? [NamespacedName(name: change.latest.key.namespace)] : []
        }
        return [controller, events]
    }
}

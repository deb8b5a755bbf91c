internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

extension Controllers {
    /// How long changes of pods are collected for one write of a Service's endpoints (upstream's
    /// `--endpointslice-updates-batch-period`, 0 there unless told otherwise): 20 ms for each of its slices, at most 200 ms,
    /// since a write costs as much as the Service has pods.
    private static func batchPeriod(_ service: NamespacedName, _ caches: ControlCaches) -> Duration {
        .milliseconds(20 * min(max(caches.endpointSlices.count("service", service.description), 1), 10))
    }

    static func endpoints(_ setting: Setting) -> [any ControlLoop] {
        let caches = setting.caches
        let events = setting.recorder("endpoint-controller")
        let controller = Controller(
            "endpoints", EndpointsReconciler(), caches: caches,
            sources: [caches.services, caches.pods, caches.endpoints, caches.endpointSlices], client: setting.client,
            events: events, clock: setting.clock, metrics: setting.metrics, logger: setting.logger)
        // What it wrote itself comes back as well, and must not be looked at sooner than changes of pods.
        let period: @Sendable (NamespacedName) -> Duration = { batchPeriod($0, caches) }
        controller.enqueueChanges(of: caches.services) { [$0.latest.key] }
        controller.enqueueChanges(of: caches.endpoints, batchedFor: period) { [$0.latest.key] }
        controller.enqueueChanges(of: caches.endpointSlices, batchedFor: period) { change in
            let slice = change.latest
            return slice.view.serviceName.map { [NamespacedName(namespace: slice.key.namespace, name: $0)] } ?? []
        }
        controller.enqueueChanges(of: caches.pods, batchedFor: period) { change in
            if let old = change.old, let new = change.new, old.view.hasSameEndpoint(as: new.view) { return [] }
            let versions = [change.old, change.new].compactMap { $0 }
            return caches.services.objects("namespace", change.latest.key.namespace).filter { service in
                let selector = service.view.selector
                return !selector.isEmpty
                    && versions.contains { version in
                        selector.allSatisfy { version.view.metadata.labels[$0.key] == $0.value }
                    }
            }.map(\.key)
        }
        return [controller, events]
    }
}

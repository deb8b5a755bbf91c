package import ControllerRuntime
package import Kinds
package import ObjectModel

/// Writes the Endpoints and EndpointSlices of Services that have a selector.
///
/// Keeps (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices): a pod is listed while it has an
/// address and has not ended; it is ready when its Ready condition is, or when the Service publishes unready ones.
package struct EndpointsReconciler: Reconciler {
    /// What is known about a Service.
    package struct Observed: Sendable {
        /// The Service; nil when it is gone.
        package var service: CachedObject<ServiceView>?
        /// The pods that its selector chooses.
        package var pods: [CachedObject<PodView>]
        /// Its Endpoints.
        package var endpoints: CachedObject<EndpointsView>?
        /// Its slices.
        package var slices: [CachedObject<EndpointSliceView>]

        /// What is known about a Service.
        package init(
            service: CachedObject<ServiceView>?, pods: [CachedObject<PodView>] = [],
            endpoints: CachedObject<EndpointsView>? = nil, slices: [CachedObject<EndpointSliceView>] = []
        ) {
            self.service = service
            self.pods = pods
            self.endpoints = endpoints
            self.slices = slices
        }
    }

    /// A reconciler.
    package init() {}

    /// What the caches know of the Service, its pods and what is written for it.
    package func observe(_ key: NamespacedName, in caches: ControlCaches) -> Observed? {
        let service = caches.services.object(key)
        let endpoints = caches.endpoints.object(key)
        if service == nil, endpoints == nil { return nil }
        return Observed(
            service: service, pods: service.map { Self.pods(of: $0, in: caches) } ?? [], endpoints: endpoints,
            slices: caches.endpointSlices.objects("service", key.description))
    }

    /// What to do: the slices and the Endpoints that differ.
    package func reconcile(_ observed: Observed, at now: Timestamp) -> Plan {
        guard let service = observed.service else { return leftovers(observed) }
        let view = service.view
        // What others write for Services without a selector is not ours.
        if view.isExternalName || view.selector.isEmpty || service.isBeingDeleted { return .nothing }
        let endpoints = observed.pods.compactMap { ServiceEndpoint($0.view, of: view) }
        let actions =
            EndpointSlices(service, existing: observed.slices).actions(endpoints)
            + write(EndpointsObject.make(view, endpoints), over: observed.endpoints)
        var plan = Plan(explanation: "\(endpoints.count) endpoints")
        plan.append(together: actions.map { PlannedAction($0) }, first: 2)
        return plan
    }

    private static func pods(
        of service: CachedObject<ServiceView>, in caches: ControlCaches
    ) -> [CachedObject<PodView>] {
        let keys = service.view.selector.map { "\(service.key.namespace)/\($0.key)=\($0.value)" }
        guard let rarest = keys.min(by: { caches.pods.count("label", $0) < caches.pods.count("label", $1) }) else {
            return []
        }
        let selector = LabelSelector(matchLabels: service.view.selector)
        return caches.pods.objects("label", rarest).filter { selector.matches($0.view.metadata.labels) }
    }

    private func leftovers(_ observed: Observed) -> Plan {
        guard let endpoints = observed.endpoints, !endpoints.isBeingDeleted,
            endpoints.view.metadata.labels[EndpointsObject.managedByLabel] == EndpointsObject.manager
        else { return .nothing }
        return Plan(
            [.delete(.init(.endpoints, endpoints.key, uid: endpoints.uid))], explanation: "the Service is gone")
    }

    private func write(_ wanted: Value, over existing: CachedObject<EndpointsView>?) -> [Action] {
        guard let existing else { return [.create(.endpoints, wanted)] }
        let view = EndpointsView(wanted)
        let known = existing.view.metadata
        let over = EndpointsObject.overCapacity
        let isSame =
            view.subsets == existing.view.subsets && view.metadata.labels == known.labels
            && view.metadata.annotations[over] == known.annotations[over]
        if isSame { return [] }
        var metadata: Value = ["annotations": [over: wanted["metadata", "annotations", over] ?? .null]]
        metadata["labels"] = MergePatch.difference(
            from: .stringMap(known.labels), to: .stringMap(view.metadata.labels))
        let body: Value = ["metadata": metadata, "subsets": wanted["subsets"] ?? []]
        return [
            .patch(.init(.endpoints, existing.key, uid: existing.uid, revision: existing.revision, body))
        ]
    }
}

extension PodView {
    /// Whether a change of a pod can change endpoints.
    func hasSameEndpoint(as other: PodView) -> Bool {
        status.podIP == other.status.podIP && isReady == other.isReady && isTerminating == other.isTerminating
            && isTerminal == other.isTerminal && spec.nodeName == other.spec.nodeName
            && metadata.labels == other.metadata.labels
    }
}

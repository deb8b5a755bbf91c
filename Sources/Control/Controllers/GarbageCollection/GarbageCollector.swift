package import APIProtocol
package import ControllerRuntime
package import CoreMetrics
internal import Kinds
package import Logging
package import ObjectModel

/// One object of any kind.
package struct GarbageKey: Hashable, Sendable {
    /// Its resource.
    package let resource: APIResource
    /// Its namespace and name.
    package let key: NamespacedName

    /// An object.
    package init(resource: APIResource, key: NamespacedName) {
        self.resource = resource
        self.key = key
    }
}

/// The ownership of every object of the kinds that are collected: `owner` (uid).
package struct OwnershipCaches: Sendable {
    /// A cache per resource.
    package let caches: [APIResource: ObjectCache<OwnershipView>]
    private let byKind: [String: APIResource]

    /// Empty caches of these resources.
    package init(resources: [APIResource]) {
        caches = Dictionary(
            resources.map { resource in
                (
                    resource,
                    ObjectCache(resource: resource, indices: [CacheIndex("owner") { $0.view.owners.map(\.uid) }])
                )
            }, uniquingKeysWith: { first, _ in first })
        byKind = Dictionary(
            resources.map { ("\($0.groupVersion.group)/\($0.kind)", $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The resource of an owner's kind; nil when it is not collected.
    func resource(apiVersion: String, kind: String) -> APIResource? {
        byKind["\(GroupVersion(apiVersion: apiVersion)?.group ?? "")/\(kind)"]
    }

    /// The objects that name `uid` as an owner.
    func dependents(of uid: String) -> [(APIResource, CachedObject<OwnershipView>)] {
        caches.sorted { $0.key.plural < $1.key.plural }.flatMap { resource, cache in
            cache.objects("owner", uid).map { (resource, $0) }
        }
    }
}

/// Deletes what its owners left behind.
package enum GarbageCollector {
    /// The loops: the controller and what feeds it. Events are no owners and not owned; they are left out. Kinds that are
    /// served only later are not collected before the next start.
    package static func loops(
        resources: [APIResource], client: APIClient, events: EventRecorder, clock: ControlClock,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance, logger: Logger
    ) -> [any ControlLoop] {
        let caches = OwnershipCaches(resources: resources.filter { $0.kind != "Event" && $0.kind != "Lease" })
        let all = Array(caches.caches.values)
        let controller = Controller(
            "garbage-collector", GarbageReconciler(), caches: caches, sources: all, client: client, events: events,
            workers: 16, backOff: BackOff(first: .milliseconds(5), last: .seconds(30)), clock: clock, metrics: metrics,
            logger: logger)
        for cache in all {
            let resource = cache.resource
            controller.enqueueChanges(of: cache) { change in
                keys(of: change, resource, in: caches)
            }
        }
        return [controller] + all.map { Informer($0, client: client, clock: clock) as any ControlLoop }
    }

    /// The object itself, what depended on it when it is gone or going, and its owners, which may wait for it.
    private static func keys(
        of change: CacheChange<OwnershipView>, _ resource: APIResource, in caches: OwnershipCaches
    ) -> [GarbageKey] {
        let object = change.latest
        var keys: [GarbageKey] = []
        if change.new != nil, !object.view.owners.isEmpty || object.isBeingDeleted {
            keys.append(GarbageKey(resource: resource, key: object.key))
        }
        if change.new == nil || object.isBeingDeleted {
            keys += caches.dependents(of: object.uid).map { GarbageKey(resource: $0.0, key: $0.1.key) }
        }
        for owner in (change.old?.view.owners ?? []) + (change.new?.view.owners ?? []) {
            guard let kind = caches.resource(apiVersion: owner.apiVersion, kind: owner.kind) else { continue }
            let key = NamespacedName(namespace: kind.isNamespaced ? object.key.namespace : "", name: owner.name)
            // An owner matters only while it waits for its dependents.
            if caches.caches[kind]?.object(key)?.isBeingDeleted == true {
                keys.append(GarbageKey(resource: kind, key: key))
            }
        }
        return keys
    }
}

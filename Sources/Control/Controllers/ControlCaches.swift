package import APIProtocol
package import ControllerRuntime
package import Kinds
internal import ObjectModel

/// The caches that the controllers and the scheduler share.
///
/// Make everything that subscribes to them first, then run `informers`.
package struct ControlCaches: Sendable {
    /// Pods: `namespace`, `controller` (uid), `orphan` (namespace of those without a controller), `node`, `claim`
    /// (NAMESPACE/NAME), `label` (NAMESPACE/KEY=VALUE).
    package let pods = ObjectCache<PodView>(indices: [
        .namespace, .controller, .orphan,
        CacheIndex("node") { $0.view.spec.nodeName.isEmpty ? [] : [$0.view.spec.nodeName] },
        CacheIndex("claim") { pod in
            pod.view.spec.volumes.compactMap(\.claimName).map { "\(pod.key.namespace)/\($0)" }
        },
        CacheIndex("label") { pod in
            pod.view.metadata.labels.map { "\(pod.key.namespace)/\($0.key)=\($0.value)" }
        },
    ])
    /// Nodes.
    package let nodes = ObjectCache<NodeView>()
    /// Namespaces.
    package let namespaces = ObjectCache<NamespaceView>()
    /// Services: `namespace`.
    package let services = ObjectCache<ServiceView>(indices: [.namespace])
    /// Endpoints.
    package let endpoints = ObjectCache<EndpointsView>()
    /// EndpointSlices: `service` (NAMESPACE/NAME).
    package let endpointSlices = ObjectCache<EndpointSliceView>(indices: [
        CacheIndex("service") { slice in
            slice.view.serviceName.map { ["\(slice.key.namespace)/\($0)"] } ?? []
        }
    ])
    /// StatefulSets: `namespace`.
    package let statefulSets = ObjectCache<StatefulSetView>(indices: [.namespace])
    /// Deployments: `namespace`.
    package let deployments = ObjectCache<DeploymentView>(indices: [.namespace])
    /// ReplicaSets: `namespace`, `controller` (uid), `orphan` (namespace of those without a controller).
    package let replicaSets = ObjectCache<ReplicaSetView>(indices: [.namespace, .controller, .orphan])
    /// ControllerRevisions: `namespace`, `controller` (uid), `orphan` (namespace of those without a controller).
    package let revisions = ObjectCache<ControllerRevisionView>(indices: [.namespace, .controller, .orphan])
    /// PersistentVolumeClaims: `namespace`, `volume` (name), `unbound` (class, or `-` without one).
    package let claims = ObjectCache<PersistentVolumeClaimView>(indices: [
        .namespace,
        CacheIndex("volume") { $0.view.volumeName.isEmpty ? [] : [$0.view.volumeName] },
        CacheIndex("unbound") { $0.view.volumeName.isEmpty ? [$0.view.storageClassName ?? "-"] : [] },
    ])
    /// PersistentVolumes: `claim` (NAMESPACE/NAME), `class` of those without a claim.
    package let volumes = ObjectCache<PersistentVolumeView>(indices: [
        CacheIndex("claim") { volume in volume.view.claim.map { ["\($0.namespace)/\($0.name)"] } ?? [] },
        CacheIndex("class") { $0.view.claim == nil ? [$0.view.storageClassName] : [] },
    ])
    /// StorageClasses: `default` (`true`).
    package let storageClasses = ObjectCache<StorageClassView>(indices: [
        CacheIndex("default") { $0.view.isDefault ? ["true"] : [] }
    ])
    /// ServiceAccounts.
    package let serviceAccounts = ObjectCache<ServiceAccountView>()
    /// ConfigMaps named `kube-root-ca.crt`.
    package let rootCertificates = ObjectCache<ConfigMapView>()

    /// Empty caches.
    package init() {}

    /// What feeds the caches, to be run beside what uses them.
    package func informers(client: APIClient, clock: ControlClock = .system) -> [any ControlLoop] {
        [
            Informer(pods, client: client, clock: clock), Informer(nodes, client: client, clock: clock),
            Informer(namespaces, client: client, clock: clock), Informer(services, client: client, clock: clock),
            Informer(endpoints, client: client, clock: clock), Informer(endpointSlices, client: client, clock: clock),
            Informer(deployments, client: client, clock: clock), Informer(replicaSets, client: client, clock: clock),
            Informer(statefulSets, client: client, clock: clock), Informer(revisions, client: client, clock: clock),
            Informer(claims, client: client, clock: clock), Informer(volumes, client: client, clock: clock),
            Informer(storageClasses, client: client, clock: clock),
            Informer(serviceAccounts, client: client, clock: clock),
            Informer(
                rootCertificates, client: client, fieldSelector: "metadata.name=\(RootCertificate.name)", clock: clock),
        ]
    }
}

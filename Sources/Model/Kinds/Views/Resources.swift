package import ObjectModel

extension APIResource {
    /// v1 Namespace.
    package static let namespaces = APIResource(kind: "Namespace", plural: "namespaces", isNamespaced: false)
    /// v1 Node.
    package static let nodes = APIResource(kind: "Node", plural: "nodes", isNamespaced: false)
    /// v1 Pod.
    package static let pods = APIResource(kind: "Pod", plural: "pods")
    /// v1 Service.
    package static let services = APIResource(kind: "Service", plural: "services")
    /// v1 Endpoints.
    package static let endpoints = APIResource(kind: "Endpoints", plural: "endpoints")
    /// discovery.k8s.io/v1 EndpointSlice.
    package static let endpointSlices = APIResource(
        group: "discovery.k8s.io", kind: "EndpointSlice", plural: "endpointslices")
    /// v1 ConfigMap.
    package static let configMaps = APIResource(kind: "ConfigMap", plural: "configmaps")
    /// v1 Secret.
    package static let secrets = APIResource(kind: "Secret", plural: "secrets")
    /// v1 ServiceAccount.
    package static let serviceAccounts = APIResource(kind: "ServiceAccount", plural: "serviceaccounts")
    /// v1 Event.
    package static let events = APIResource(kind: "Event", plural: "events")
    /// v1 PersistentVolume.
    package static let persistentVolumes = APIResource(
        kind: "PersistentVolume", plural: "persistentvolumes", isNamespaced: false)
    /// v1 PersistentVolumeClaim.
    package static let persistentVolumeClaims = APIResource(
        kind: "PersistentVolumeClaim", plural: "persistentvolumeclaims")
    /// storage.k8s.io/v1 StorageClass.
    package static let storageClasses = APIResource(
        group: "storage.k8s.io", kind: "StorageClass", plural: "storageclasses", isNamespaced: false)
    /// apps/v1 StatefulSet.
    package static let statefulSets = APIResource(group: "apps", kind: "StatefulSet", plural: "statefulsets")
    /// apps/v1 Deployment.
    package static let deployments = APIResource(group: "apps", kind: "Deployment", plural: "deployments")
    /// apps/v1 ReplicaSet.
    package static let replicaSets = APIResource(group: "apps", kind: "ReplicaSet", plural: "replicasets")
    /// apps/v1 ControllerRevision.
    package static let controllerRevisions = APIResource(
        group: "apps", kind: "ControllerRevision", plural: "controllerrevisions")
    /// coordination.k8s.io/v1 Lease.
    package static let leases = APIResource(group: "coordination.k8s.io", kind: "Lease", plural: "leases")
}

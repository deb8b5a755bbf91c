package import ObjectModel

/// A Service.
package struct ServiceView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.services

    /// A port of a Service.
    package struct Port: Sendable, Hashable {
        /// Its name; may be empty when there is one port only.
        package let name: String
        /// `TCP`, `UDP` or `SCTP`.
        package let transport: String
        /// The port on the cluster address.
        package let port: Int
        /// The port on the pods; nil means the same.
        package let targetPort: PortReference?
        /// The port on every node; 0 when none.
        package let nodePort: Int
        /// The application's protocol; empty when not told.
        package let appProtocol: String

        init(_ value: Value) {
            name = value.text("name")
            transport = value["protocol"]?.string ?? "TCP"
            port = value.number("port") ?? 0
            targetPort = PortReference(value["targetPort"])
            nodePort = value.number("nodePort") ?? 0
            appProtocol = value.text("appProtocol")
        }
    }

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
    package let type: String
    /// The labels of its pods; empty means that someone else writes its endpoints.
    package let selector: [String: String]
    /// The first cluster address, `None` when headless, empty for ExternalName.
    package let clusterIP: String
    /// All cluster addresses.
    package let clusterIPs: [String]
    /// Addresses of nodes that also lead here.
    package let externalIPs: [String]
    /// The name that an ExternalName Service stands for.
    package let externalName: String
    /// The ports.
    package let ports: [Port]
    /// Whether unready pods count too.
    package let publishNotReadyAddresses: Bool
    /// `None` or `ClientIP`.
    package let sessionAffinity: String
    /// Seconds a client stays with its pod, with ClientIP.
    package let sessionAffinityTimeoutSeconds: Int
    /// `Cluster` or `Local`.
    package let internalTrafficPolicy: String
    /// `Cluster` or `Local`.
    package let externalTrafficPolicy: String
    /// `IPv4` and `IPv6`, in order.
    package let ipFamilies: [String]

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        let spec = object.child("spec")
        type = spec["type"]?.string ?? "ClusterIP"
        selector = spec.map("selector")
        clusterIP = spec.text("clusterIP")
        clusterIPs = spec.texts("clusterIPs")
        externalIPs = spec.texts("externalIPs")
        externalName = spec.text("externalName")
        ports = spec.items("ports").map { Port($0) }
        publishNotReadyAddresses = spec.flag("publishNotReadyAddresses")
        sessionAffinity = spec["sessionAffinity"]?.string ?? "None"
        sessionAffinityTimeoutSeconds =
            spec.child("sessionAffinityConfig").child("clientIP").number("timeoutSeconds") ?? 10800
        internalTrafficPolicy = spec["internalTrafficPolicy"]?.string ?? "Cluster"
        externalTrafficPolicy = spec["externalTrafficPolicy"]?.string ?? "Cluster"
        ipFamilies = spec.texts("ipFamilies")
    }

    /// Whether it has no cluster address by choice.
    package var isHeadless: Bool { clusterIP == "None" }
    /// Whether it is an alias for an outside name.
    package var isExternalName: Bool { type == "ExternalName" }
}

package import Kinds
package import ObjectModel

/// The node that Service traffic is steered on.
package struct ProxyNode: Sendable, Hashable {
    /// The nftables table of family `ip` that holds the rules; nothing outside of it is touched.
    package var table: String
    /// The node's name, which EndpointSlices use.
    package var name: String
    /// The addresses of all pods of the cluster.
    package var podRange: IPv4Range
    /// The addresses of this node's pods.
    package var nodePodRange: IPv4Range
    /// The addresses of all Services.
    package var serviceRange: IPv4Range
    /// The cluster DNS's address: in `serviceRange`, but served by this process.
    package var dnsAddress: IPv4Address

    /// A node.
    package init(
        table: String, name: String, podRange: IPv4Range, nodePodRange: IPv4Range, serviceRange: IPv4Range,
        dnsAddress: IPv4Address
    ) {
        self.table = table
        self.name = name
        self.podRange = podRange
        self.nodePodRange = nodePodRange
        self.serviceRange = serviceRange
        self.dnsAddress = dnsAddress
    }
}

/// A Service with the slices of its endpoints.
package struct ServiceEndpoints: Sendable {
    /// Namespace and name.
    package let key: NamespacedName
    /// The Service.
    package let service: ServiceView
    /// Its slices, in any order.
    package let slices: [EndpointSliceView]

    /// A Service.
    package init(key: NamespacedName, service: ServiceView, slices: [EndpointSliceView]) {
        self.key = key
        self.service = service
        self.slices = slices
    }
}

package import ObjectModel

/// A Node.
package struct NodeView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.nodes

    /// One address of a node.
    package struct Address: Sendable, Hashable {
        /// `InternalIP`, `ExternalIP`, `Hostname`, …
        package let type: String
        /// The address.
        package let address: String
    }

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// Whether new pods stay away.
    package let unschedulable: Bool
    /// The taints.
    package let taints: [TaintView]
    /// The addresses of its pods; empty when none is assigned.
    package let podCIDR: String
    /// Who knows it outside of the cluster.
    package let providerID: String
    /// What pods may use.
    package let allocatable: [String: Quantity]
    /// What it has.
    package let capacity: [String: Quantity]
    /// The conditions.
    package let conditions: [ConditionView]
    /// The addresses.
    package let addresses: [Address]
    /// The port of its agent; 0 when not told.
    package let agentPort: Int

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        let spec = object.child("spec")
        let status = object.child("status")
        unschedulable = spec.flag("unschedulable")
        taints = spec.items("taints").map { TaintView($0) }
        podCIDR = spec.text("podCIDR")
        providerID = spec.text("providerID")
        capacity = status.quantities("capacity")
        allocatable = status.quantities("allocatable")
        conditions = status.items("conditions").map { ConditionView($0) }
        addresses = status.items("addresses").map { Address(type: $0.text("type"), address: $0.text("address")) }
        agentPort = status.child("daemonEndpoints").child("kubeletEndpoint").number("Port") ?? 0
    }

    /// Whether the condition `Ready` is True.
    package var isReady: Bool { conditions.condition("Ready")?.isTrue ?? false }
    /// The first address of type InternalIP.
    package var internalIP: String? { addresses.first { $0.type == "InternalIP" }?.address }
}

/// A Lease.
package struct LeaseView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.leases

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// Who holds it; empty when nobody does.
    package let holderIdentity: String
    /// Seconds after a renewal at which it may be taken.
    package let leaseDurationSeconds: Int
    /// When the holder took it.
    package let acquireTime: Timestamp?
    /// When the holder last renewed it.
    package let renewTime: Timestamp?
    /// How often it changed hands.
    package let leaseTransitions: Int

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        let spec = object.child("spec")
        holderIdentity = spec.text("holderIdentity")
        leaseDurationSeconds = spec.number("leaseDurationSeconds") ?? 0
        acquireTime = spec.time("acquireTime")
        renewTime = spec.time("renewTime")
        leaseTransitions = spec.number("leaseTransitions") ?? 0
    }
}

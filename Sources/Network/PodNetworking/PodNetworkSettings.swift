package import ObjectModel

/// What a node's pod network is made from.
package struct PodNetworkSettings: Sendable, Hashable {
    /// The instance's names.
    package var names: InstanceNames
    /// The addresses of this node's pods; the first behind the base is the bridge's.
    package var nodePodRange: IPv4Range
    /// The addresses of all Services.
    package var serviceRange: IPv4Range
    /// Where the CNI configuration goes; containerd's `conf_dir`.
    package var cniConfigurationDirectory: String
    /// Where the addresses in use are remembered; removed together with containerd's state.
    package var cniAddressDirectory: String
    /// Where the CNI plugins are; Debian's place unless told.
    package var pluginDirectory = "/usr/lib/cni"
    /// The largest packet in bytes; nil leaves the system's.
    package var mtu: Int?

    /// Settings.
    package init(
        names: InstanceNames, nodePodRange: IPv4Range, serviceRange: IPv4Range, cniConfigurationDirectory: String,
        cniAddressDirectory: String, mtu: Int? = nil
    ) {
        self.names = names
        self.nodePodRange = nodePodRange
        self.serviceRange = serviceRange
        self.cniConfigurationDirectory = cniConfigurationDirectory
        self.cniAddressDirectory = cniAddressDirectory
        self.mtu = mtu
    }

    /// The bridge's address, which is the pods' gateway; pods also reach the API at it.
    package var gateway: IPv4Address { nodePodRange.address(at: 1) ?? nodePodRange.base }
    /// The cluster DNS's address: the tenth of the Service range, as kubeadm has it.
    package var dnsAddress: IPv4Address { serviceRange.address(at: 10) ?? serviceRange.base }

    /// Why these settings cannot work; nil when they can.
    package var problem: String? {
        if nodePodRange.prefixLength > 30 { return "the pod range \(nodePodRange) has no room for a pod" }
        if serviceRange.prefixLength > 28 { return "the service range \(serviceRange) has no room for its DNS address" }
        if nodePodRange.overlaps(serviceRange) {
            return "the pod range \(nodePodRange) and the service range \(serviceRange) overlap"
        }
        return nil
    }
}

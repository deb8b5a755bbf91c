/// What a node agent is told about itself and its cluster.
package struct NodeAgentConfiguration: Sendable {
    /// What the machine offers to pods.
    package struct Capacity: Sendable, Hashable {
        /// Processors, in thousandths.
        package var milliCPU: Int64
        /// Memory in bytes.
        package var memoryBytes: Int64
        /// Disk for pods in bytes.
        package var ephemeralStorageBytes: Int64
        /// The largest number of pods.
        package var pods: Int

        /// A capacity.
        package init(milliCPU: Int64, memoryBytes: Int64, ephemeralStorageBytes: Int64, pods: Int = 110) {
            self.milliCPU = milliCPU
            self.memoryBytes = memoryBytes
            self.ephemeralStorageBytes = ephemeralStorageBytes
            self.pods = pods
        }
    }

    /// The node's name, also its host name.
    package var nodeName: String
    /// The node's address, which pods reach it at.
    package var nodeAddress: String
    /// What the machine offers.
    package var capacity: Capacity
    /// `simulated` or `containerd`: the value of the label `ordinal.dev/runtime`.
    package var runtimeName: String
    /// The release that kubectl prints as the node's version.
    package var version = "v1.36.0"
    /// The directory of the pods' volumes and files; absolute.
    package var podsDirectory: String
    /// The directory of the containers' logs (`/var/log/pods`).
    package var podLogsDirectory: String
    /// The directory of links to logs (`/var/log/containers`).
    package var containerLogsDirectory: String
    /// The cluster's domain.
    package var clusterDomain = "cluster.local"
    /// The address of the cluster's DNS; empty when there is none.
    package var clusterDNS = ""
    /// The address range of the node's pods; empty when it is not told.
    package var podCIDR = ""
    /// The cgroup of all pods below the runtime's own; empty leaves cgroups to the runtime.
    package var cgroupRoot = "kubepods"
    /// When logs begin a new file, and how many stay.
    package var logRotation = LogRotation()
    /// Further labels of the node.
    package var labels: [String: String] = [:]
    /// Pods that may be started at the same time.
    package var startsInFlight = 8
    /// Whether containers run for real: false skips files, mounts and log directories.
    package var isSimulated = false

    /// A configuration with everything below `directory`.
    package init(
        nodeName: String, nodeAddress: String, capacity: Capacity, runtimeName: String, directory: String
    ) {
        self.nodeName = nodeName
        self.nodeAddress = nodeAddress
        self.capacity = capacity
        self.runtimeName = runtimeName
        podsDirectory = "\(directory)/pods"
        podLogsDirectory = "\(directory)/log/pods"
        containerLogsDirectory = "\(directory)/log/containers"
    }
}

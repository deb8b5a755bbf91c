/// What a node is registered as, beside what the machine says about itself.
package struct NodeDescription: Sendable, Hashable {
    /// The node's name, also its host name.
    package var name: String
    /// The address at which it is reached.
    package var address: String
    /// The value of the label `ordinal.dev/runtime`: `containerd` or `simulated`.
    package var runtimeName: String
    /// The runtime's name and version, such as `containerd://1.6.20`.
    package var runtimeVersion: String
    /// The release that kubectl prints as the node's version.
    package var version = "v1.36.0"
    /// Processors, in thousandths.
    package var milliCPU: Int64
    /// Memory in bytes.
    package var memoryBytes: Int64
    /// Disk for pods in bytes; 0 leaves it out.
    package var ephemeralStorageBytes: Int64
    /// The largest number of pods.
    package var pods = 110
    /// Processor time that pods may not use, in thousandths.
    package var reservedMilliCPU: Int64 = 0
    /// Memory that pods may not use, in bytes.
    package var reservedMemoryBytes: Int64 = 0
    /// The address range of its pods; empty when it is not told.
    package var podCIDR = ""
    /// The port of its agent's server; 0 when it has none.
    package var agentPort = 0
    /// Further labels.
    package var labels: [String: String] = [:]

    /// A node that offers these resources.
    package init(
        name: String, address: String, runtimeName: String, runtimeVersion: String, milliCPU: Int64,
        memoryBytes: Int64, ephemeralStorageBytes: Int64
    ) {
        self.name = name
        self.address = address
        self.runtimeName = runtimeName
        self.runtimeVersion = runtimeVersion
        self.milliCPU = milliCPU
        self.memoryBytes = memoryBytes
        self.ephemeralStorageBytes = ephemeralStorageBytes
    }
}

/// How a node is now; its conditions are made from this.
package struct NodeHealth: Sendable, Hashable {
    /// Why it cannot run pods; nil when it can.
    package var problem: String?
    /// Whether memory is short.
    package var memoryPressure = false
    /// Whether disk is short.
    package var diskPressure = false
    /// Whether process ids are short.
    package var processPressure = false

    /// A healthy node, or one with a problem.
    package init(problem: String? = nil) { self.problem = problem }
}

package import Logging
package import ObjectModel

/// Everything that `ordinal up` can be told.
package struct ClusterConfiguration: Sendable {
    /// Where objects are kept.
    package enum StoreChoice: String, Sendable, CaseIterable {
        /// On disk, surviving crashes and power loss.
        case sqlite
        /// In memory; gone with the process.
        case memory
    }

    /// What runs the containers.
    package enum RuntimeChoice: String, Sendable, CaseIterable {
        /// containerd, private or given.
        case containerd
        /// Nothing: pods pretend to run.
        case simulated
    }

    /// Where all state lives.
    package var dataDirectory: String
    /// The address the API is served on.
    package var listenHost: String
    /// The port the API is served on; 0 picks a free one.
    package var listenPort: Int
    /// Where the kubeconfig is written.
    package var kubeconfigPath: String
    /// The node's name; with several simulated nodes the prefix of theirs.
    package var nodeName: String
    /// The DNS domain of the cluster.
    package var clusterDomain: String
    /// Where pods get their addresses.
    package var podRange: IPv4Range
    /// Where Services get theirs; DNS is the tenth.
    package var serviceRange: IPv4Range
    /// Where objects are kept.
    package var store: StoreChoice
    /// What runs the containers.
    package var runtime: RuntimeChoice
    /// The socket of a containerd to use instead of a private one.
    package var runtimeEndpoint: String?
    /// How many nodes; more than one only simulated.
    package var nodes: Int
    /// How long a simulated container takes to start.
    package var simulatedStartDelay: Duration
    /// The least severe messages that are logged.
    package var logLevel: Logger.Level

    /// The defaults for a data directory.
    package init(dataDirectory: String) {
        self.dataDirectory = dataDirectory
        listenHost = "127.0.0.1"
        listenPort = 6443
        kubeconfigPath = "\(dataDirectory)/kubeconfig"
        nodeName = "ordinal"
        clusterDomain = "cluster.local"
        podRange = IPv4Range(base: IPv4Address(number: 0x0AF4_0000), prefixLength: 16)
        serviceRange = IPv4Range(base: IPv4Address(number: 0x0A60_0000), prefixLength: 16)
        store = .sqlite
        runtime = .containerd
        nodes = 1
        simulatedStartDelay = .zero
        logLevel = .info
    }

    /// The names of the nodes: `NAME`, or `NAME-0`, `NAME-1`, … when there are several.
    package var nodeNames: [String] {
        nodes == 1 ? [nodeName] : (0..<nodes).map { "\(nodeName)-\($0)" }
    }

    /// The cluster DNS server's address: the tenth of the Services'.
    package var dnsAddress: IPv4Address { serviceRange.address(at: 10) ?? serviceRange.base }
    /// The address of the Service `kubernetes`: the first of the Services'.
    package var apiServiceAddress: IPv4Address { serviceRange.address(at: 1) ?? serviceRange.base }

    /// The first contradiction among the settings; nil when there is none.
    package var problem: StartupError? {
        if podRange.overlaps(serviceRange) {
            return .configuration("--pod-cidr \(podRange) and --service-cidr \(serviceRange) overlap")
        }
        if serviceRange.prefixLength > 27 || serviceRange.prefixLength < 12 {
            return .configuration("--service-cidr \(serviceRange): the prefix must be /12 to /27")
        }
        if podRange.prefixLength > 24 {
            return .configuration("--pod-cidr \(podRange): the prefix must be /24 or shorter (a node takes a /24)")
        }
        if nodes < 1 || nodes > 1 << (24 - podRange.prefixLength) {
            return .configuration("--nodes \(nodes): \(podRange) holds 1 to \(1 << (24 - podRange.prefixLength)) nodes")
        }
        if nodes > 1, runtime != .simulated {
            return .configuration("--nodes \(nodes): more than one node needs --runtime simulated")
        }
        if let rule = NameRules.dns1123Subdomain(nodeName) { return .configuration("--node-name \(nodeName): \(rule)") }
        if let rule = NameRules.dns1123Subdomain(clusterDomain) {
            return .configuration("--cluster-domain \(clusterDomain): \(rule)")
        }
        if !(0...65_535).contains(listenPort) { return .configuration("--listen: port \(listenPort) is out of range") }
        return nil
    }
}

/// Why a cluster does not start (or stop), in words for the person at the terminal.
package enum StartupError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The settings contradict themselves.
    case configuration(String)
    /// Another process has the port.
    case portInUse(host: String, port: Int)
    /// Containers need root.
    case needsRoot
    /// A program is missing.
    case missingProgram(String, package: String)
    /// Another process uses the data directory.
    case dataDirectoryInUse(String)
    /// A newer Ordinal wrote the data.
    case newerFormat(String)
    /// Unix sockets have short paths.
    case socketPathTooLong(String)
    /// Anything else, said in full.
    case failed(String)

    package var description: String {
        switch self {
        case .configuration(let text): text
        case .portInUse(let host, let port):
            "\(host):\(port) is in use by another process. Stop it, or choose another port with --listen HOST:PORT."
        case .needsRoot:
            "Running containers needs root. Run with sudo, or try it without containers: --runtime simulated."
        case .missingProgram(let program, let package):
            "\(program) was not found. Install it with: apt-get install \(package)"
        case .dataDirectoryInUse(let path):
            "\(path) is in use by another ordinal process. Stop that one, or choose another with --data-dir."
        case .newerFormat(let text): text
        case .socketPathTooLong(let path):
            "The socket path \(path) is longer than the 107 bytes that Unix allows. Choose a shorter --data-dir."
        case .failed(let text): text
        }
    }
}

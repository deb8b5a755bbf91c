internal import APIProtocol
internal import ControllerRuntime
internal import Logging
internal import MetricsExposition
internal import NodeAgent
internal import NodeInterfaces
internal import ObjectModel
internal import VolumePlugins

/// Makes node agents, all alike but for what runs their pods.
struct AgentAssembly {
    let configuration: ClusterConfiguration
    let directory: DataDirectory
    let plane: ControlPlane
    let objects: ClusterObjects
    let logger: Logger

    /// What makes agents; `objects` is run by whoever runs them.
    init(_ configuration: ClusterConfiguration, _ directory: DataDirectory, _ plane: ControlPlane, _ logger: Logger) {
        self.configuration = configuration
        self.directory = directory
        self.plane = plane
        self.logger = logger
        objects = ClusterObjects(client: Self.client(plane, configuration.nodeName))
    }

    private static func client(_ plane: ControlPlane, _ node: String) -> APIClient {
        plane.client("system:node:\(node)", group: "system:nodes", userAgent: "ordinal-node/\(Release.version)")
    }

    /// The agent of a node whose pods have addresses in `range`.
    func agent(
        _ name: String, address: String, range: IPv4Range, runtime: any ContainerRuntime, prober: any NetworkProber,
        cgroupRoot: String = ""
    ) -> NodeAgent {
        let facts = NodeFacts.ofThisMachine()
        let capacity = NodeAgentConfiguration.Capacity(
            milliCPU: facts.milliCPU, memoryBytes: facts.memoryBytes,
            ephemeralStorageBytes: NodeFacts.diskBytes(at: directory.path))
        var settings = NodeAgentConfiguration(
            nodeName: name, nodeAddress: address, capacity: capacity,
            runtimeName: configuration.runtime.rawValue, directory: directory.node)
        settings.version = Release.kubernetesVersion
        settings.clusterDomain = configuration.clusterDomain
        settings.podCIDR = range.description
        settings.cgroupRoot = cgroupRoot
        settings.isSimulated = configuration.runtime == .simulated
        if !settings.isSimulated {
            settings.clusterDNS = configuration.dnsAddress.description
            settings.podLogsDirectory = LogLayout.ofTheMachine.podsDirectory
            settings.containerLogsDirectory = LogLayout.ofTheMachine.linksDirectory
        }
        let agent = NodeAgent(
            configuration: settings, client: Self.client(plane, name), runtime: runtime, prober: prober,
            plugins: BuiltinVolumePlugins.all(provisioned: directory.volumes), objects: objects,
            metrics: plane.metrics.registry, log: logger)
        plane.metrics.follow([agent])
        return agent
    }
}

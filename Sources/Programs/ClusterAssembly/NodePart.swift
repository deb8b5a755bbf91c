internal import APIProtocol
internal import Controllers
internal import Logging
internal import NodeInterfaces
internal import ObjectModel
internal import VolumePlugins

/// What pods run on: the nodes of this process, real or simulated.
protocol NodePart: Sendable {
    /// Where pods reach this machine; nil when there is no pod network.
    var bridgeAddress: IPv4Address? { get }
    /// containerd's socket; nil when nothing runs.
    var socket: String? { get }
    /// What makes the volumes of claims.
    var volumeSources: [VolumeSource] { get }

    /// Makes what must be there before anybody is told that the cluster runs; throws when this machine does not allow it.
    func setUp() async throws

    /// Makes everything that subscribes to the caches, before they are fed.
    func prepare(
        _ plane: ControlPlane, _ caches: ControlCaches, _ nodes: ConnectedNodes
    ) async throws -> any RunningNodes
}

/// Picks what pods run on.
enum NodeParts {
    static func make(
        _ configuration: ClusterConfiguration, _ directory: DataDirectory, id: String, logger: Logger
    ) throws(StartupError) -> any NodePart {
        switch configuration.runtime {
        case .containerd: try ContainerdNode(configuration, directory, id: id, logger: logger)
        case .simulated: SimulatedNodes(configuration: configuration, directory: directory, logger: logger)
        }
    }
}

/// Nodes that are ready to run.
protocol RunningNodes: Sendable {
    /// Runs them until the task is cancelled; pods stay. `serve` also serves the API at an address, once it exists.
    func run(serve: @Sendable (IPv4Address) async throws -> Void) async throws
}

extension VolumeSource {
    /// The provisioner of a node as the claim controller sees it.
    init(_ provisioner: any VolumeProvisioner) {
        self.init(
            name: provisioner.name,
            provision: { name, bytes, parameters in
                try await provisioner.provision(name: name, bytes: bytes, parameters: parameters)
            },
            delete: { name, spec in try await provisioner.delete(name: name, spec: spec) })
    }
}

internal import APIProtocol
internal import Controllers
internal import Logging
internal import NodeAgent
internal import ObjectModel
internal import SimulatedRuntime
internal import VolumePlugins

/// Nodes on which nothing runs: one agent each, over a runtime that pretends.
struct SimulatedNodes: NodePart {
    let configuration: ClusterConfiguration
    let directory: DataDirectory
    let logger: Logger

    var bridgeAddress: IPv4Address? { nil }
    var socket: String? { nil }
    var volumeSources: [VolumeSource] { [VolumeSource(LocalProvisioner(directory: directory.volumes))] }

    func setUp() async throws {}

    func prepare(
        _ plane: ControlPlane, _ caches: ControlCaches, _ nodes: ConnectedNodes
    ) async throws -> any RunningNodes {
        let assembly = AgentAssembly(configuration, directory, plane, logger)
        var agents: [NodeAgent] = []
        for (index, name) in configuration.nodeNames.enumerated() {
            let range = configuration.podRange.subrange(index, prefixLength: 24) ?? configuration.podRange
            let address = range.address(at: 1)?.description ?? "127.0.0.1"
            let runtime = SimulatedRuntime(
                range: range, hostAddress: address, startDelay: configuration.simulatedStartDelay)
            let agent = assembly.agent(
                name, address: address, range: range, runtime: runtime, prober: SimulatedProber())
            nodes.connect(name, agent.connection)
            agents.append(agent)
        }
        logger.notice("nodes are simulated: nothing runs", metadata: ["nodes": "\(agents.count)"])
        return RunningSimulatedNodes(agents: agents, objects: assembly.objects)
    }
}

/// Simulated nodes, ready to run.
struct RunningSimulatedNodes: RunningNodes {
    let agents: [NodeAgent]
    let objects: ClusterObjects

    func run(serve: @Sendable (IPv4Address) async throws -> Void) async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await objects.run() }
            for agent in agents { group.addTask { await agent.run() } }
        }
    }
}

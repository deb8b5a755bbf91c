internal import APIProtocol
internal import ControllerRuntime
internal import Controllers
internal import NodeAgent
internal import ObjectModel
internal import Scheduling
internal import Schema
internal import SimulatedRuntime

/// The processes beside the server, put together from the real parts.
extension SimulatedCluster {
    /// The Lease that the control processes hold.
    static let lease = NamespacedName(namespace: "kube-system", name: "ordinal-controllers")

    /// Controllers and scheduler, while this process leads.
    func control(_ link: Link) async {
        let clock = processClock(link)
        let transport = transport(link)
        let elector = LeaderElector(
            LeaderElection(link.identity, lease: Self.lease), client: Self.client("system:\(link.name)", transport),
            clock: clock, logger: Self.logger)
        let fenced = FencedTransport(transport) { elector.isLeading }
        let client = Self.client("system:kube-controller-manager", fenced)
        await elector.lead { await self.lead(client, clock) }
    }

    private static func client(_ user: String, _ transport: any APITransport) -> APIClient {
        APIClient(
            transport, credentials: .inProcess(UserInfo(name: user, groups: [UserInfo.mastersGroup])))
    }

    private func lead(_ client: APIClient, _ clock: ControlClock) async {
        let caches = ControlCaches()
        let controllers = Controllers.all(
            Controllers.Setting(
                caches: caches, client: client, caPEM: "simulated", volumeSources: [volumes.source],
                resources: { [registry] in registry.listedResources }, clock: clock, logger: Self.logger))
        let events = EventRecorder(component: Scheduler.schedulerName, client: client, clock: clock)
        let scheduler = Scheduler(
            SchedulerCaches(
                pods: caches.pods, nodes: caches.nodes, claims: caches.claims, volumes: caches.volumes,
                classes: caches.storageClasses, namespaces: caches.namespaces), client: client, events: events,
            clock: clock, logger: Self.logger)
        await withTaskGroup(of: Void.self) { group in
            for loop in controllers + [events, scheduler] + caches.informers(client: client, clock: clock) {
                group.addTask { await loop.run() }
            }
        }
    }

    /// The agent of a machine.
    func agent(_ link: Link, on machine: SimulatedMachine) async {
        let client = Self.client("system:node:\(machine.name)", transport(link))
        let clock = processClock(link)
        let objects = ClusterObjects(client: client, clock: clock)
        var configuration = NodeAgentConfiguration(
            nodeName: machine.name, nodeAddress: machine.address,
            capacity: .init(milliCPU: 4000, memoryBytes: 8 << 30, ephemeralStorageBytes: 1 << 40),
            runtimeName: "simulated", directory: "/simulated")
        configuration.isSimulated = true
        let runtime = MachineHandle(
            machine: machine, link: link, clock: self.clock, random: processRandom("runtime of \(machine.name)"),
            rates: rates)
        let agent = NodeAgent(
            configuration: configuration, client: client, runtime: runtime, prober: SimulatedProber(), plugins: [],
            objects: objects, clock: clock, log: Self.logger)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await objects.run() }
            group.addTask { await agent.run() }
        }
    }
}

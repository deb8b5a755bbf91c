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
    /// Controllers and scheduler.
    func control(_ link: Link) async {
        let client = processClient("system:kube-controller-manager", group: UserInfo.mastersGroup, link)
        let clock = processClock(link)
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
        let client = processClient("system:node:\(machine.name)", group: UserInfo.mastersGroup, link)
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

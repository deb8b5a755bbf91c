package import APIProtocol
package import ControllerRuntime
package import CoreMetrics
internal import Kinds
package import Logging
package import NodeInterfaces
internal import ObjectModel
internal import Synchronization

/// The agent of one node: runs the pods that are bound to it and tells the API how they are.
///
/// Guarantees: one step at a time for each pod; a container is not started again because the agent restarted; a pod
/// that the API has forgotten is stopped within its grace period. Everything it knows can be lost: it goes on from the
/// API and the runtime. Cancelling `run` leaves every pod running.
package final class NodeAgent: ControlLoop {
    package let name: String
    /// Logs of and commands in this node's containers.
    package var connection: any NodeConnection { localConnection }

    private let localConnection: LocalNodeConnection
    private let environment: PodEnvironment
    private let pods: ObjectCache<AgentPod>
    private let node: ObjectCache<NodeView>
    private let table: PodTable
    private let log: Logger
    private let metrics: NodeMetrics
    private let health = Mutex(NodeHealth())
    private let healthSignal = Signal()

    /// An agent. `objects` is shared by all agents of a process and is run by who made it.
    package init(
        configuration: NodeAgentConfiguration, client: APIClient, runtime: any ContainerRuntime,
        prober: any NetworkProber, plugins: [any VolumePlugin], objects: ClusterObjects,
        clock: ControlClock = .system, metrics: any MetricsFactory = NOOPMetricsHandler.instance,
        log: Logger = Logger(label: "ordinal.node")
    ) {
        name = "agent of \(configuration.nodeName)"
        environment = PodEnvironment(
            configuration: configuration, client: client, runtime: runtime, prober: prober, plugins: plugins,
            objects: objects,
            recorder: EventRecorder(component: "kubelet", host: configuration.nodeName, client: client, clock: clock),
            clock: clock, images: ImageFetcher(runtime: runtime, clock: clock),
            starts: Slots(configuration.startsInFlight), log: log)
        let table = PodTable(environment: environment)
        let pods = ObjectCache<AgentPod>()
        pods.onChange { table.apply($0) }
        let node = ObjectCache<NodeView>()
        node.onChange { table.apply($0) }
        objects.onChange { table.wake($0) }
        localConnection = LocalNodeConnection(
            configuration: configuration, runtime: runtime, pods: pods, clock: clock)
        self.pods = pods
        self.node = node
        self.table = table
        self.log = log
        self.metrics = NodeMetrics(node: configuration.nodeName, metrics)
    }

    /// Works until the task is cancelled; then the pods go on without it.
    package func run() async {
        let environment = environment
        await withTaskGroup(of: Void.self) { group in
            let informer = Informer(
                pods, client: environment.client,
                fieldSelector: "spec.nodeName=\(environment.configuration.nodeName)", clock: environment.clock)
            group.addTask { await self.register() }
            group.addTask { await environment.recorder.run() }
            let nodeInformer = Informer(
                node, client: environment.client,
                fieldSelector: "metadata.name=\(environment.configuration.nodeName)", clock: environment.clock)
            group.addTask { await informer.run() }
            group.addTask { await nodeInformer.run() }
            group.addTask {
                await self.pods.waitUntilSynced()
                await self.table.run(found: await self.found())
            }
            group.addTask { await self.follow() }
            if !environment.configuration.isSimulated {
                let runtime = environment.runtime
                let rotator = LogRotator(
                    rotation: environment.configuration.logRotation, clock: environment.clock, log: log,
                    // Without an answer there is nothing to do now; `follow` tells that the runtime is down.
                    containers: { ((try? await runtime.pods()) ?? [:]).values.flatMap(\.containers) },
                    reopen: { try await runtime.reopenLog($0) })
                group.addTask { await rotator.run() }
            }
        }
    }

    /// Tells what the workers of pods saw last: a scrape asks the runtime nothing.
    package func publishMetrics() async { metrics.publish(table.tallies) }

    /// Makes the node known as soon as the runtime answers once, and keeps it known.
    private func register() async {
        let configuration = environment.configuration
        let registration = NodeRegistration(
            client: environment.client,
            description: NodeDescription(configuration, runtimeVersion: await firstVersion()), facts: .ofThisMachine(),
            health: { [self] in health.withLock { $0 } }, clock: environment.clock, logger: log)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await registration.run() }
            group.addTask {
                while !Task.isCancelled {
                    await self.healthSignal.wait()
                    registration.healthChanged()
                }
            }
        }
    }

    private func firstVersion() async -> String {
        await firstAnswer { runtime throws(RuntimeError) in try await runtime.version() } ?? ""
    }

    /// The pods of which the runtime has something, as soon as it answers.
    private func found() async -> Set<String> {
        await firstAnswer { runtime throws(RuntimeError) in Set(try await runtime.pods().keys) } ?? []
    }

    /// Asks the runtime until it answers; nil when the task is cancelled before.
    private func firstAnswer<Answer: Sendable>(
        _ ask: (any ContainerRuntime) async throws(RuntimeError) -> Answer
    ) async -> Answer? {
        var failures = 0
        while !Task.isCancelled {
            do throws(RuntimeError) {
                return try await ask(environment.runtime)
            } catch {
                failures += 1
                let wait = BackOff.watches.delay(failures: failures, random: environment.clock.random())
                try? await environment.clock.sleep(wait)
            }
        }
        return nil
    }

    private func runtimeIs(_ problem: String?) {
        let changed = health.withLock { health in
            defer { health.problem = problem }
            return health.problem != problem
        }
        if changed { healthSignal.give() }
    }

    /// Follows the runtime's events; after each gap everything is looked at again.
    private func follow() async {
        await pods.waitUntilSynced()
        var failures = 0
        while !Task.isCancelled {
            do throws(RuntimeError) {
                let events = try await environment.runtime.events()
                let all = try await environment.runtime.pods()
                failures = 0
                runtimeIs(nil)
                adoptOrphans(all)
                tell(nil)
                for await event in events {
                    // Something that nobody knew: perhaps of a pod that nobody has any more.
                    if event.podUID == nil { adoptOrphans(try await environment.runtime.pods()) }
                    tell(event.podUID)
                }
            } catch {
                runtimeIs("container runtime is down: \(error.text)")
                log.warning("the container runtime does not answer", metadata: ["reason": "\(error.text)"])
            }
            failures += 1
            let wait = BackOff.watches.delay(failures: failures, random: environment.clock.random())
            try? await environment.clock.sleep(wait)
        }
    }

    private func adoptOrphans(_ all: [String: RuntimePod]) {
        let known = Set(pods.allObjects.map(\.uid))
        table.adoptOrphans(all.filter { !known.contains($0.key) })
    }

    private func tell(_ podUID: String?) {
        table.wake(podUID)
        localConnection.wake(podUID)
    }
}

extension NodeDescription {
    /// What an agent's configuration says of its node.
    fileprivate init(_ configuration: NodeAgentConfiguration, runtimeVersion: String) {
        self.init(
            name: configuration.nodeName, address: configuration.nodeAddress, runtimeName: configuration.runtimeName,
            runtimeVersion: runtimeVersion, milliCPU: configuration.capacity.milliCPU,
            memoryBytes: configuration.capacity.memoryBytes,
            ephemeralStorageBytes: configuration.capacity.ephemeralStorageBytes)
        version = configuration.version
        pods = configuration.capacity.pods
        podCIDR = configuration.podCIDR
        labels = configuration.labels
    }
}

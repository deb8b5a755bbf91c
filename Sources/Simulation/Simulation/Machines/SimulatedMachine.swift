internal import NodeInterfaces
internal import ObjectModel
internal import SimulatedRuntime
internal import Synchronization

/// A machine with its containers, which go on when the agent on it crashes.
final class SimulatedMachine: Sendable {
    /// A container that runs.
    struct Running: Sendable, Hashable {
        let pod: NamespacedName
        let uid: String
        let image: String
    }

    let name: String
    let range: IPv4Range
    let address: String
    let runtime: SimulatedRuntime
    private let containers = Mutex<[String: (Running, sandbox: String)]>([:])
    private let running = Mutex<Set<String>>([])
    private let unready = Mutex<Set<NamespacedName>>([])
    private let started: @Sendable (SimulatedMachine, Running) -> Void
    private let stopped: @Sendable (SimulatedMachine, Running) -> Void

    /// A machine that tells of each container that begins to run, and that ends.
    init(
        _ name: String, range: IPv4Range, startDelay: Duration, stopDelay: Duration, clock: VirtualClock,
        started: @escaping @Sendable (SimulatedMachine, Running) -> Void,
        stopped: @escaping @Sendable (SimulatedMachine, Running) -> Void
    ) {
        self.name = name
        self.range = range
        address = range.address(at: 1)?.description ?? ""
        runtime = SimulatedRuntime(
            range: range, hostAddress: address, startDelay: startDelay, stopDelay: stopDelay, now: { clock.now },
            sleep: { try await clock.sleep($0) })
        self.started = started
        self.stopped = stopped
    }

    /// Every container that runs now.
    var runs: [Running] {
        let ids = running.withLock { $0 }
        return containers.withLock { containers in ids.compactMap { containers[$0]?.0 } }
    }

    /// Makes the probes of a pod fail, or succeed again.
    func set(_ pod: NamespacedName, isUnready: Bool) {
        unready.withLock { if isUnready { $0.insert(pod) } else { $0.remove(pod) } }
    }

    /// The power goes and comes back: every container has ended.
    func reboot() async {
        for pod in ((try? await runtime.pods()) ?? [:]).sorted(by: { $0.key < $1.key }) {
            for sandbox in pod.value.sandboxes { try? await runtime.stopSandbox(sandbox.id) }
        }
        for id in running.withLock({ $0.sorted() }) { hasStopped(id) }
    }

    func created(_ id: String, _ config: ContainerConfig, sandbox: String) {
        containers.withLock {
            $0[id] = (Running(pod: config.pod.name, uid: config.pod.uid, image: config.image), sandbox: sandbox)
        }
    }

    func hasStarted(_ id: String) {
        running.withLock { _ = $0.insert(id) }
        if let container = containers.withLock({ $0[id]?.0 }) { started(self, container) }
    }

    func hasStopped(_ id: String) {
        let ran = running.withLock { $0.remove(id) != nil }
        if ran, let container = containers.withLock({ $0[id]?.0 }) { stopped(self, container) }
    }

    func hasStopped(sandbox: String) {
        let ids = containers.withLock { containers in containers.filter { $0.value.sandbox == sandbox }.map(\.key) }
        for id in ids.sorted() { hasStopped(id) }
    }

    /// Whether a container's readiness command succeeds.
    func isReady(_ id: String) -> Bool {
        guard let container = containers.withLock({ $0[id] }) else { return false }
        return container.0.image != SetPlan.brokenImage && !unready.withLock { $0.contains(container.0.pod) }
    }
}

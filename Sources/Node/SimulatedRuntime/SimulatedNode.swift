package import NodeInterfaces
package import ObjectModel

/// The state of a simulated runtime and every rule of it: what a call does at a point in time, as a value.
///
/// Containers "run" once `startDelay` has passed, and end when they are stopped. Addresses come from the node's range, the
/// second one first; an address is used again only after its pod is gone.
package struct SimulatedNode: Sendable {
    /// How long a container takes to start.
    package let startDelay: Duration
    private let range: IPv4Range
    private var sandboxes: [String: SandboxStatus] = [:]
    private var containers: [String: ContainerState] = [:]
    private var taken: Set<IPv4Address> = []
    private var counter = 0

    /// An empty node whose pods get addresses from `range`.
    package init(range: IPv4Range, startDelay: Duration = .zero) {
        self.range = range
        self.startDelay = startDelay
    }

    /// Every pod, by uid.
    package var pods: [String: RuntimePod] {
        var pods: [String: RuntimePod] = [:]
        for sandbox in sandboxes.values { pods[sandbox.pod.uid, default: RuntimePod()].sandboxes.append(sandbox) }
        for container in containers.values {
            pods[container.podUID, default: RuntimePod()].containers.append(container)
        }
        return pods.mapValues(\.newestFirst)
    }

    /// One pod.
    package func pod(uid: String) -> RuntimePod {
        RuntimePod(
            sandboxes: sandboxes.values.filter { $0.pod.uid == uid },
            containers: containers.values.filter { $0.podUID == uid }
        ).newestFirst
    }

    /// One sandbox.
    package func sandbox(_ id: String) -> SandboxStatus? { sandboxes[id] }

    /// One container.
    package func container(_ id: String) -> ContainerState? { containers[id] }

    /// Makes a sandbox; `failed` when the node has no address left.
    package mutating func runSandbox(
        _ config: SandboxConfig, hostAddress: String, at now: Timestamp
    ) throws(RuntimeError) -> String {
        var addresses = [hostAddress]
        if !config.hostNetwork {
            guard let address = freeAddress() else { throw .failed("no address is left in \(range)") }
            taken.insert(address)
            addresses = [address.description]
        }
        let id = nextID()
        sandboxes[id] = SandboxStatus(
            id: id, pod: config.pod, attempt: config.attempt, isReady: true, createdAt: now,
            addresses: config.hostNetwork ? [] : addresses, labels: config.labels, annotations: config.annotations)
        return id
    }

    /// Stops a sandbox and its containers.
    package mutating func stopSandbox(_ id: String, at now: Timestamp) {
        for container in containers.values where container.sandboxID == id {
            stopContainer(container.id, code: 137, at: now)
        }
        guard let sandbox = sandboxes[id], sandbox.isReady else { return }
        sandboxes[id]?.isReady = false
        for address in sandbox.addresses.compactMap(IPv4Address.init) { taken.remove(address) }
    }

    /// Removes a sandbox and its containers.
    package mutating func removeSandbox(_ id: String, at now: Timestamp) {
        stopSandbox(id, at: now)
        sandboxes[id] = nil
        containers = containers.filter { $0.value.sandboxID != id }
    }

    /// Makes a container; `notFound` without its sandbox.
    package mutating func createContainer(
        _ config: ContainerConfig, sandbox: String, at now: Timestamp
    ) throws(RuntimeError) -> String {
        guard sandboxes[sandbox] != nil else { throw .notFound("sandbox \(sandbox)") }
        let id = nextID()
        containers[id] = ContainerState(
            id: id, sandboxID: sandbox, podUID: config.pod.uid, name: config.name, attempt: config.attempt,
            image: config.image, imageID: "simulated@\(config.image)", createdAt: now, phase: .created,
            labels: config.labels, annotations: config.annotations)
        return id
    }

    /// Starts a container; `notFound` when there is none.
    package mutating func startContainer(_ id: String, at now: Timestamp) throws(RuntimeError) {
        guard containers[id] != nil else { throw .notFound("container \(id)") }
        containers[id]?.phase = .running(startedAt: now)
    }

    /// Ends a container that runs.
    package mutating func stopContainer(_ id: String, code: Int = 0, at now: Timestamp) {
        guard case .running(let startedAt) = containers[id]?.phase else { return }
        containers[id]?.phase = .exited(
            code: code, reason: code == 0 ? "Completed" : "Error", message: "", startedAt: startedAt, finishedAt: now)
    }

    /// Removes a container.
    package mutating func removeContainer(_ id: String) { containers[id] = nil }

    /// Whether a container runs.
    package func isRunning(_ id: String) -> Bool {
        if case .running = containers[id]?.phase { true } else { false }
    }

    /// The pod a container belongs to.
    package func podUID(ofContainer id: String) -> String? { containers[id]?.podUID }
    /// The pod a sandbox belongs to.
    package func podUID(ofSandbox id: String) -> String? { sandboxes[id]?.pod.uid }

    private mutating func nextID() -> String {
        counter += 1
        return "simulated-\(counter)"
    }

    private func freeAddress() -> IPv4Address? {
        // .0 is the network, .1 the gateway, the last the broadcast.
        guard range.count > 3 else { return nil }
        for step in 0..<(range.count - 3) {
            let offset = 2 + (counter + step) % (range.count - 3)
            if let address = range.address(at: offset), !taken.contains(address) { return address }
        }
        return nil
    }
}

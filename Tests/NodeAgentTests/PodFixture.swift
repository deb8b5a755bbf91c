import Kinds
import NodeInterfaces
import ObjectModel

@testable import NodeAgent

/// Pods, sandboxes and containers for tables of cases.
enum PodFixture {
    static let now = Timestamp(seconds: 1_800_000_000)
    static let identity = PodIdentity(name: NamespacedName(namespace: "default", name: "web-0"), uid: "u1")

    static func pod(spec: Value? = nil, status: Value = [:], metadata: [String: Value] = [:]) -> AgentPod {
        var object: Value = [
            "metadata": [
                "name": "web-0", "namespace": "default", "uid": "u1", "resourceVersion": "7", "generation": 1,
            ],
            "spec": spec ?? ["restartPolicy": "Always", "containers": [["name": "web", "image": "nginx:1"]]],
            "status": status,
        ]
        for (key, value) in metadata { object["metadata", key] = value }
        return AgentPod(object)
    }

    static func initContainers(_ names: String...) -> Value {
        ["initContainers": .array(names.map { ["name": .string($0), "image": "i"] })]
    }

    static func sandbox(ready: Bool = true, attempt: Int = 0, addresses: [String] = ["10.244.0.5"]) -> SandboxStatus {
        SandboxStatus(
            id: "s\(attempt)", pod: identity, attempt: attempt, isReady: ready, createdAt: now,
            addresses: ready ? addresses : [])
    }

    static func running(_ name: String, hash: String? = nil, attempt: Int = 0) -> ContainerState {
        container(name, .running(startedAt: now), hash: hash, attempt: attempt)
    }

    static func exited(_ name: String, code: Int, attempt: Int = 0) -> ContainerState {
        container(
            name,
            .exited(
                code: code, reason: code == 0 ? "Completed" : "Error", message: "", startedAt: now, finishedAt: now),
            attempt: attempt)
    }

    static func unknown(_ name: String) -> ContainerState { container(name, .unknown, attempt: 0) }

    private static func container(
        _ name: String, _ phase: ContainerState.Phase, hash: String? = nil, attempt: Int
    ) -> ContainerState {
        ContainerState(
            id: "\(name)-\(attempt)", sandboxID: "s0", podUID: "u1", name: name, attempt: attempt, image: "nginx:1",
            imageID: "sha256:1", createdAt: now, phase: phase,
            annotations: hash.map { [RuntimeKeys.containerHash: $0] } ?? [:])
    }

    static func health(_ id: String, _ health: ContainerHealth) -> PodMemory {
        var memory = PodMemory()
        memory.health[id] = health
        return memory
    }

    static func failure(_ name: String, until seconds: Int) -> PodMemory {
        var memory = PodMemory()
        memory.failures[name] = StartFailure(reason: "E", message: "m", retryAt: now + .seconds(seconds))
        return memory
    }

    /// A container that was started again just now.
    static func restarted(_ name: String, image: String) -> PodMemory {
        var memory = PodMemory()
        let container = ContainerView(["name": .string(name), "image": .string(image)])
        memory.restarts.tried(ContainerHash.of(container), failedAt: now, now: now)
        return memory
    }

    static func setUpFailure(until seconds: Int) -> PodMemory {
        var memory = PodMemory()
        memory.setUpFailure = StartFailure(reason: "FailedMount", message: "m", retryAt: now + .seconds(seconds))
        return memory
    }

    static func sandboxFault(ago seconds: Int) -> PodMemory {
        var memory = PodMemory()
        memory.sandboxFaultSince = now + .seconds(-seconds)
        return memory
    }
}

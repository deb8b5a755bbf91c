import APIProtocol
import ControllerRuntime
import Kinds
import NodeAgent
import NodeInterfaces
import ObjectModel
import SimulatedRuntime
import Testing

/// `ordinal down` on a simulated runtime.
@Suite(.timeLimit(.minutes(1))) struct NodeShutdownTests {
    private let fixture: AgentFixture
    private let faulty: FaultyRuntime

    init() throws {
        fixture = try AgentFixture()
        faulty = FaultyRuntime(fixture.runtime)
    }

    private var shutdown: NodeShutdown {
        NodeShutdown(runtime: faulty, prober: fixture.prober, clock: fixture.controlClock)
    }

    /// A pod of the set `db` that runs; `spec` without `containers` has one container `main`.
    private func run(
        _ ordinal: Int, spec: Value = [:], status: String = "Running", uid: String? = nil
    ) async throws -> AgentPod {
        var spec = spec
        if spec["containers"] == nil { spec["containers"] = [["name": "main", "image": "i"]] }
        let owner = OwnerReference(apiVersion: "apps/v1", kind: "StatefulSet", name: "db", uid: "s", isController: true)
        let pod = AgentPod([
            "metadata": [
                "name": .string("db-\(ordinal)"), "namespace": "default", "uid": .string(uid ?? "u\(ordinal)"),
                "ownerReferences": [owner.value],
            ], "spec": spec, "status": ["phase": .string(status)],
        ])
        let config = SandboxConfig(pod: pod.identity, attempt: 0, hostname: "db", logDirectory: "")
        let sandbox = try await faulty.runSandbox(config)
        for container in pod.view.spec.initContainers + pod.view.spec.containers {
            let id = try await faulty.createContainer(
                ContainerConfig(pod: pod.identity, name: container.name, attempt: 0, image: "i", logPath: ""),
                sandbox: sandbox, sandboxConfig: config)
            try await faulty.startContainer(id)
        }
        return pod
    }

    @Test func hooksRunBeforeContainersAreStoppedAndSidecarsComeLast() async throws {
        let hook: Value = ["preStop": ["exec": ["command": ["quit"]]]]
        let pod = try await run(
            0,
            spec: [
                "initContainers": [
                    ["name": "first", "image": "i", "restartPolicy": "Always"],
                    ["name": "second", "image": "i", "restartPolicy": "Always"],
                ],
                "containers": [["name": "main", "image": "i", "lifecycle": hook]],
            ])
        #expect(try await shutdown.run(stored: [pod]) == 1)
        #expect(faulty.calls == ["exec main quit", "stop main", "stop second", "stop first", "stop sandbox"])
        #expect(try await faulty.pods().isEmpty)
    }

    @Test func aSetStopsFromItsHighestOrdinalDownAndStopsAtAFailure() async throws {
        let pods = [try await run(0), try await run(1), try await run(2, status: "Succeeded")]
        faulty.failStops(true)
        await #expect(throws: NodeShutdown.Failure.self) { try await shutdown.run(stored: pods) }
        // The first was not touched: the second still ran.
        let left = try await faulty.pod(uid: "u0").containers
        #expect(left.count == 1)
        guard case .running = left.first?.phase else {
            Issue.record("db-0 was stopped before db-1")
            return
        }
        faulty.failStops(false)
        // A pod that the store does not know is stopped too.
        #expect(try await shutdown.run(stored: Array(pods.dropLast())) == 3)
        #expect(try await faulty.pods().isEmpty)
    }

    /// After `kubectl delete pod db-0 --force` the former still ends while the new one runs.
    @Test func bothPodsOfOneNameGetTheirGrace() async throws {
        let hook: Value = ["preStop": ["exec": ["command": ["quit"]]]]
        let spec: Value = ["containers": [["name": "main", "image": "i", "lifecycle": hook]]]
        _ = try await run(0, uid: "former")
        let new = try await run(0, spec: spec, uid: "new")
        #expect(try await shutdown.run(stored: [new]) == 2)
        // Without grace no hook would run.
        #expect(faulty.calls.filter { $0 == "exec main quit" }.count == 1)
        #expect(faulty.calls.filter { $0 == "stop main" }.count == 2)
        #expect(try await faulty.pods().isEmpty)
    }

    @Test func whatCannotBeStoppedOnceIsTriedAgain() async throws {
        let pods = [try await run(0), try await run(1)]
        faulty.failStops(1)
        #expect(try await shutdown.twice(stored: pods) == 2)
        #expect(try await faulty.pods().isEmpty)
        faulty.failStops(true)
        let last = try await run(2)
        await #expect(throws: NodeShutdown.Failure.self) { try await shutdown.twice(stored: [last]) }
    }
}

import ControllerRuntime
import NodeAgent
import NodeInterfaces
import ObjectModel
import Synchronization
import Testing

/// The stop of one pod on a simulated runtime.
@Suite(.timeLimit(.minutes(1))) struct PodStopTests {
    private let fixture: AgentFixture
    private let runtime: FaultyRuntime

    init() throws {
        fixture = try AgentFixture()
        runtime = FaultyRuntime(fixture.runtime)
    }

    /// A pod that runs, with these hooks of its container.
    private func run(lifecycle: Value) async throws -> AgentPod {
        let pod = AgentPod([
            "metadata": ["name": "web-0", "namespace": "default", "uid": "u1"],
            "spec": ["containers": [["name": "web", "image": "i", "lifecycle": lifecycle]]],
        ])
        let config = SandboxConfig(pod: pod.identity, attempt: 0, hostname: "web-0", logDirectory: "")
        let sandbox = try await runtime.runSandbox(config)
        let id = try await runtime.createContainer(
            ContainerConfig(pod: pod.identity, name: "web", attempt: 0, image: "i", logPath: ""), sandbox: sandbox,
            sandboxConfig: config)
        try await runtime.startContainer(id)
        return pod
    }

    private func stop(
        _ pod: AgentPod, _ prober: any NetworkProber,
        note: @escaping @Sendable (PodStop.Note) -> Void = { _ in }
    ) -> PodStop {
        PodStop(pod, runtime: runtime, prober: prober, clock: fixture.controlClock, note: note)
    }

    @Test(arguments: [(0, 2), (1, 2), (2, 2), (30, 30)])
    func aContainerAlwaysHasTwoSecondsForItsStopSignal(_ grace: Int, _ given: Int) async throws {
        let pod = try await run(lifecycle: [:])
        let observed = try await runtime.pod(uid: pod.uid)
        #expect(await stop(pod, fixture.prober).everything(observed, grace: .seconds(grace)))
        #expect(runtime.graces == [.seconds(given)])
    }

    @Test func withoutAGraceNoHookRuns() async throws {
        let pod = try await run(lifecycle: ["preStop": ["exec": ["command": ["quit"]]]])
        #expect(await stop(pod, fixture.prober).everything(try await runtime.pod(uid: pod.uid), grace: .zero))
        #expect(runtime.calls == ["stop web", "stop sandbox"])
    }

    @Test func aHookThatWaitsForEverEndsWithTheGrace() async throws {
        let pod = try await run(lifecycle: ["preStop": ["httpGet": ["path": "/", "port": 80]]])
        let observed = try await runtime.pod(uid: pod.uid)
        let isStopped = try await NodeAgentTests.passingTime(fixture, atMost: 500) {
            await stop(pod, SilentProber()).everything(observed, grace: .seconds(30))
        }
        #expect(isStopped)
        #expect(fixture.clock.uptime >= .seconds(30))
        #expect(runtime.graces == [.seconds(2)])
    }
}

/// Never has a result, whatever its timeout.
private struct SilentProber: NetworkProber {
    func probe(_ probe: NetworkProbe, timeout: Duration) async -> ProbeResult {
        await Signal().wait()
        return .failure("given up")
    }
}

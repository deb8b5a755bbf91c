import APIProtocol
import Kinds
import NodeAgent
import NodeInterfaces
import ObjectModel
import SimulatedRuntime
import Testing

/// The agent with a real API server and a simulated runtime.
@Suite(.timeLimit(.minutes(1))) struct NodeAgentTests {
    @Test func aBoundPodRunsAndIsReady() async throws {
        let fixture = try AgentFixture()
        try await fixture.withAgent {
            try await fixture.createPod("web-0")
            let pod = try await fixture.pod("web-0") { $0.isReady }
            #expect(pod.status.phase == "Running")
            #expect(pod.status.podIP == "10.244.0.2")
            #expect(pod.status.hostIP == "10.0.0.1")
            #expect(pod.status.containerStatuses.first?.isRunning == true)
            #expect(pod.status.containerStatuses.first?.containerID.hasPrefix("containerd://") == true)
        }
    }

    @Test func aPodThatTheNodeDoesNotTakeFailsAndRunsNothing() async throws {
        let fixture = try AgentFixture()
        let ports: Value = [
            "containers": [["name": "web", "image": "i", "ports": [["containerPort": 80, "hostPort": 80]]]]
        ]
        try await fixture.withAgent {
            try await fixture.createPod("first", spec: ports)
            try await fixture.pod("first") { $0.isReady }
            let uid = try await fixture.createPod("second", spec: ports)
            let text = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"
            try await fixture.pod("second") { $0.status.phase == "Failed" }
            let refused = try await fixture.client.get(.pods, namespace: "default", name: "second")
            #expect(refused["status", "reason"] == "NodePorts")
            #expect(refused["status", "message"] == .string("Pod was rejected: \(text)"))
            #expect(refused["status", "containerStatuses"] == nil)
            try await fixture.event("NodePorts")
            try await Self.runtimeHasNot(uid, fixture)
            // It can be deleted, and what the first one held is free when that one is gone.
            for name in ["second", "first"] {
                try await fixture.client.delete(.pods, namespace: "default", name: name)
                try await fixture.podIsGone(name)
            }
            try await fixture.createPod("third", spec: ports)
            try await fixture.pod("third") { $0.isReady }
        }
    }

    /// The runtime had it before its first status was written.
    @Test func aPodThatRunsWithoutAStatusIsNotRefusedByTheNextAgent() async throws {
        let fixture = try AgentFixture()
        let most: Value = ["containers": [["name": "web", "image": "i", "resources": ["requests": ["cpu": "3"]]]]]
        try await fixture.withAgent {
            try await fixture.createPod("z-runs", spec: most)
            try await fixture.pod("z-runs") { $0.isReady }
        }
        _ = try await fixture.client.patch(
            .pods, namespace: "default", name: "z-runs", ["status": ["startTime": .null]], subresource: "status")
        try await fixture.createPod("a-new", spec: most)
        try await fixture.withAgent {
            try await fixture.pod("a-new") { $0.status.phase == "Failed" }
            try await fixture.pod("z-runs") { $0.status.startTime != nil && $0.isReady }
        }
    }

    @Test func aPodThatRunsIsNotRefusedByTheNextAgent() async throws {
        let fixture = try AgentFixture()
        let half: Value = [
            "containers": [["name": "web", "image": "i", "resources": ["requests": ["cpu": "3"]]]]
        ]
        try await fixture.withAgent {
            try await fixture.createPod("z-runs", spec: half)
            try await fixture.pod("z-runs") { $0.isReady }
        }
        // Made while no agent looked; its name comes first, and there is no room for both.
        try await fixture.createPod("a-new", spec: half)
        try await fixture.withAgent {
            try await fixture.pod("a-new") { $0.status.phase == "Failed" }
            #expect(try await fixture.pod("z-runs").isReady)
        }
        // Once more: one that was refused stays as it is.
        let before = try await fixture.client.get(.pods, namespace: "default", name: "a-new")
        try await fixture.withAgent {
            try await fixture.createPod("last")
            try await fixture.pod("last") { $0.isReady }
        }
        let after = try await fixture.client.get(.pods, namespace: "default", name: "a-new")
        #expect(after["status", "reason"] == "OutOfcpu")
        #expect(after.revision == before.revision)
    }

    /// The node was labelled, and the pod bound, before the agent's own watch could tell.
    @Test func aRefusalGoesByTheNodeAsItIs() async throws {
        let fixture = try AgentFixture()
        try await fixture.withAgent {
            try await fixture.object(.nodes, AgentFixture.nodeName) { $0.map { NodeView($0).isReady } ?? false }
            _ = try await fixture.client.patch(
                .nodes, name: AgentFixture.nodeName, ["metadata": ["labels": ["disk": "ssd"]]])
            try await fixture.createPod("picky", spec: ["nodeSelector": ["disk": "ssd"]])
            try await fixture.pod("picky") { $0.isReady }
            try await fixture.createPod("pickier", spec: ["nodeSelector": ["disk": "nvme"]])
            let refused = try await fixture.pod("pickier") { $0.status.phase == "Failed" }
            #expect(refused.status.startTime != nil)
        }
    }

    /// What is gone from the API, or only the runtime knows, is on its way out: it takes nothing from others.
    @Test func podsThatAreGoneTakeNoRoom() async throws {
        let fixture = try AgentFixture(stopDelay: .seconds(3600))
        let all: Value = ["containers": [["name": "web", "image": "i", "resources": ["requests": ["cpu": "4"]]]]]
        try await fixture.withAgent {
            try await fixture.createPod("orphan", spec: all)
            try await fixture.pod("orphan") { $0.isReady }
        }
        try await fixture.client.delete(
            .pods, namespace: "default", name: "orphan", options: DeleteOptions(gracePeriodSeconds: 0))
        try await fixture.createPod("next", spec: all)
        try await fixture.withAgent {
            try await fixture.pod("next") { $0.isReady }
        }
    }

    @Test func theNodeIsReadyAndHasALease() async throws {
        let fixture = try AgentFixture()
        try await fixture.withAgent {
            let node = try await fixture.object(.nodes, AgentFixture.nodeName) {
                $0.map { NodeView($0).isReady } ?? false
            }
            #expect(node?.labels["ordinal.dev/runtime"] == "simulated")
            #expect(node?["status", "nodeInfo", "kubeletVersion"] == "v1.36.0")
            #expect(node?["status", "capacity", "pods"] == "110")
            try await fixture.object(.leases, namespace: "kube-node-lease", AgentFixture.nodeName) { $0 != nil }
        }
    }

    @Test func aDeletedPodIsStoppedAndRemoved() async throws {
        let fixture = try AgentFixture()
        try await fixture.withAgent {
            let uid = try await fixture.createPod("web-0")
            try await fixture.pod("web-0") { $0.isReady }
            try await fixture.client.delete(.pods, namespace: "default", name: "web-0")
            try await fixture.podIsGone("web-0")
            try await fixture.createPod("web-1")
            try await fixture.pod("web-1") { $0.isReady }
            try await Self.runtimeHasNot(uid, fixture)
        }
    }

    @Test(arguments: [1, 0])
    func aShorterGraceCutsAStopShort(_ second: Int) async throws {
        let fixture = try AgentFixture(stopDelay: .seconds(3600))
        try await fixture.withAgent {
            let uid = try await fixture.createPod("web-0", spec: ["terminationGracePeriodSeconds": 600])
            try await fixture.pod("web-0") { $0.isReady }
            // Events of one object at one moment have one name.
            fixture.clock.advance(.milliseconds(1))
            try await fixture.client.delete(.pods, namespace: "default", name: "web-0")
            // The stop has begun when its Event is there; it would take ten minutes of a clock that stands still.
            try await fixture.event("Killing")
            try await fixture.client.delete(
                .pods, namespace: "default", name: "web-0", options: DeleteOptions(gracePeriodSeconds: second))
            try await Self.passingTime(fixture, atMost: 500) {
                try await fixture.podIsGone("web-0")
                try await Self.runtimeHasNot(uid, fixture)
            }
        }
    }

    @Test func aContainerThatEndsIsStartedAgain() async throws {
        let fixture = try AgentFixture()
        try await fixture.withAgent {
            let uid = try await fixture.createPod("web-0")
            try await fixture.pod("web-0") { $0.isReady }
            try await fixture.runtime.stopContainer(try await Self.newest(uid, fixture), grace: .zero)
            let again = try await fixture.pod("web-0") {
                $0.isReady && $0.status.containerStatuses.first?.restartCount == 1
            }
            #expect(again.status.containerStatuses.first?.lastTermination != nil)
            try await fixture.runtime.stopContainer(try await Self.newest(uid, fixture), grace: .zero)
            let held = try await fixture.pod("web-0") { pod in
                if case .waiting = pod.status.containerStatuses.first?.state { true } else { false }
            }
            guard case .waiting(let reason, let message) = held.status.containerStatuses.first?.state else { return }
            #expect(reason == "CrashLoopBackOff")
            #expect(message == "back-off 10s restarting failed container=web pod=web-0_default(\(uid))")
            try await Self.passingTime(fixture) {
                try await fixture.pod("web-0") {
                    $0.isReady && $0.status.containerStatuses.first?.restartCount == 2
                }
            }
        }
    }

    @Test func aContainerThatItsProbeKeepsKillingWaits() async throws {
        let fixture = try AgentFixture()
        fixture.prober.answer(.failure("no"))
        try await fixture.withAgent {
            let probe: Value = ["tcpSocket": ["port": 80], "periodSeconds": 1, "failureThreshold": 1]
            try await fixture.createPod(
                "web-0", spec: ["containers": [["name": "web", "image": "i", "livenessProbe": probe]]])
            let held = try await Self.passingTime(fixture) {
                try await fixture.pod("web-0") { pod in
                    if case .waiting("CrashLoopBackOff", _) = pod.status.containerStatuses.first?.state {
                        true
                    } else {
                        false
                    }
                }
            }
            #expect(held.status.containerStatuses.first?.restartCount == 2)
            try await Self.passingTime(fixture) {
                try await fixture.pod("web-0") { $0.status.containerStatuses.first?.restartCount == 3 }
            }
        }
    }

    @Test func aNewAgentAdoptsWhatRuns() async throws {
        let fixture = try AgentFixture()
        let uid = Captured("")
        try await fixture.withAgent {
            uid.set(try await fixture.createPod("web-0"))
            try await fixture.pod("web-0") { $0.isReady }
        }
        let before = try await fixture.runtime.pod(uid: uid.value)
        try await fixture.withAgent {
            try await fixture.createPod("web-1")
            try await fixture.pod("web-1") { $0.isReady }
        }
        #expect(try await fixture.runtime.pod(uid: uid.value) == before)
        #expect(try await fixture.pod("web-0").status.containerStatuses.first?.restartCount == 0)
    }

    @Test func aPodThatTheAPIForgotIsRemoved() async throws {
        let fixture = try AgentFixture()
        let uid = Captured("")
        try await fixture.withAgent {
            uid.set(try await fixture.createPod("web-0"))
            try await fixture.pod("web-0") { $0.isReady }
        }
        try await fixture.client.delete(
            .pods, namespace: "default", name: "web-0", options: DeleteOptions(gracePeriodSeconds: 0))
        try await fixture.withAgent { try await Self.runtimeHasNot(uid.value, fixture) }
    }

    @Test func aMissingConfigMapHoldsTheContainer() async throws {
        let fixture = try AgentFixture()
        try await fixture.withAgent {
            try await fixture.createPod(
                "web-0",
                spec: [
                    "containers": [
                        ["name": "web", "image": "i", "envFrom": [["configMapRef": ["name": "conf"]]]]
                    ]
                ])
            let held = try await fixture.pod("web-0") { pod in
                if case .waiting(let reason, _) = pod.status.containerStatuses.first?.state {
                    reason == "CreateContainerConfigError"
                } else {
                    false
                }
            }
            #expect(held.status.phase == "Pending")
            _ = try await fixture.client.create(
                .configMaps, ["metadata": ["name": "conf", "namespace": "default"], "data": ["A": "1"]])
            fixture.clock.advance(.seconds(10))
            try await fixture.pod("web-0") { $0.isReady }
        }
    }

    @Test(arguments: [(ProbeResult.failure("no"), ProbeResult.success), (.unhealthy("no"), .warning("elsewhere"))])
    func readinessFollowsItsProbe(_ bad: ProbeResult, _ good: ProbeResult) async throws {
        let fixture = try AgentFixture()
        fixture.prober.answer(bad)
        try await fixture.withAgent {
            try await fixture.createPod(
                "web-0",
                spec: [
                    "containers": [
                        [
                            "name": "web", "image": "i",
                            "readinessProbe": ["httpGet": ["path": "/", "port": 80], "periodSeconds": 1],
                        ]
                    ]
                ])
            try await fixture.pod("web-0") { $0.status.containerStatuses.first?.isRunning == true && !$0.isReady }
            fixture.prober.answer(good)
            let ready = try await Self.passingTime(fixture) { try await fixture.pod("web-0") { $0.isReady } }
            #expect(ready.status.containerStatuses.first?.ready == true)
            guard good != .success else { return }
            try await Self.passingTime(fixture) { try await fixture.event("ProbeWarning") }
        }
    }

    @Test func readinessIsAskedForUntilAPodHasStopped() async throws {
        let fixture = try AgentFixture(stopDelay: .seconds(3600))
        try await fixture.withAgent {
            let probe: Value = ["httpGet": ["path": "/", "port": 80], "periodSeconds": 1, "failureThreshold": 1]
            try await fixture.createPod(
                "web-0",
                spec: [
                    "terminationGracePeriodSeconds": 600,
                    "containers": [["name": "web", "image": "i", "readinessProbe": probe, "livenessProbe": probe]],
                ])
            try await Self.passingTime(fixture) { try await fixture.pod("web-0") { $0.isReady } }
            try await fixture.client.delete(.pods, namespace: "default", name: "web-0")
            try await fixture.event("Killing")
            fixture.prober.answer(.failure("on its way out"))
            // It refuses new work, and is still there.
            let draining = try await Self.passingTime(fixture, atMost: 500) {
                try await fixture.pod("web-0") { !$0.isReady }
            }
            #expect(draining.isTerminating)
            #expect(draining.status.phase == "Running")
            #expect(draining.status.containerStatuses.first?.isRunning == true)
            try await Self.passingTime(fixture) { try await fixture.podIsGone("web-0") }
            let events = try await fixture.client.list(.events, namespace: "default").items
            #expect(!events.contains { $0["message"]?.string?.hasPrefix("Liveness probe failed") == true })
        }
    }

    @Test func probesGoOnWhenTheClockIsSteppedBack() async throws {
        let fixture = try AgentFixture()
        fixture.prober.answer(.failure("no"))
        try await fixture.withAgent {
            let probe: Value = ["httpGet": ["path": "/", "port": 80], "periodSeconds": 1]
            try await fixture.createPod(
                "web-0", spec: ["containers": [["name": "web", "image": "i", "readinessProbe": probe]]])
            try await fixture.pod("web-0") { $0.status.containerStatuses.first?.isRunning == true && !$0.isReady }
            fixture.clock.step(.seconds(-86_400))
            fixture.prober.answer(.success)
            try await Self.passingTime(fixture, atMost: 500) { try await fixture.pod("web-0") { $0.isReady } }
        }
    }

    @Test func aPodThatNeverRestartsSucceeds() async throws {
        let fixture = try AgentFixture()
        try await fixture.withAgent {
            let uid = try await fixture.createPod("job", spec: ["restartPolicy": "Never"])
            try await fixture.pod("job") { $0.isReady }
            try await fixture.runtime.stopContainer(try await Self.newest(uid, fixture), grace: .zero)
            let done = try await fixture.pod("job") { $0.isTerminal }
            #expect(done.status.phase == "Succeeded")
            #expect(!done.isReady)
            try await fixture.client.delete(.pods, namespace: "default", name: "job")
            try await fixture.podIsGone("job")
        }
    }

    @Test func aHookHoldsUpNoOtherPod() async throws {
        let fixture = try AgentFixture()
        try await fixture.withAgent(startsInFlight: 1) {
            let uid = try await fixture.createPod(
                "slow", spec: Self.container(lifecycle: ["postStart": ["sleep": ["seconds": 20]]]))
            try await Self.runs(uid, fixture)
            try await fixture.createPod("web-0")
            try await fixture.pod("web-0") { $0.isReady }
        }
    }

    @Test func aHookThatIsAnsweredHasRunWhateverTheAnswer() async throws {
        let fixture = try AgentFixture()
        fixture.prober.answer(.unhealthy("HTTP probe failed with statuscode: 500"))
        try await fixture.withAgent {
            let hook: Value = ["postStart": ["httpGet": ["path": "/", "port": 80]]]
            try await fixture.createPod("web-0", spec: Self.container(lifecycle: hook))
            let pod = try await fixture.pod("web-0") { $0.isReady }
            #expect(pod.status.containerStatuses.first?.restartCount == 0)
        }
        #expect(fixture.prober.probes == 1)
    }

    @Test func aHookThatIsNotAnsweredEndsItsContainer() async throws {
        let fixture = try AgentFixture()
        fixture.prober.answer(.failure("connection refused"))
        try await fixture.withAgent {
            let hook: Value = ["postStart": ["httpGet": ["path": "/", "port": 80]]]
            try await fixture.createPod("web-0", spec: Self.container(lifecycle: hook))
            try await fixture.pod("web-0") { $0.status.containerStatuses.first?.restartCount == 1 }
        }
    }

    @Test(arguments: [nil, 0]) func aHookThatHangsDoesNotHoldUpADeletion(_ grace: Int?) async throws {
        let fixture = try AgentFixture()
        try await fixture.withAgent {
            var spec = Self.container(lifecycle: ["postStart": ["sleep": ["seconds": 3000]]])
            spec["terminationGracePeriodSeconds"] = 4000
            let uid = try await fixture.createPod("slow", spec: spec)
            try await Self.runs(uid, fixture)
            try await fixture.client.delete(
                .pods, namespace: "default", name: "slow", options: DeleteOptions(gracePeriodSeconds: grace))
            try await Self.passingTime(fixture, atMost: 500) {
                try await fixture.podIsGone("slow")
                try await Self.runtimeHasNot(uid, fixture)
            }
        }
    }

    @Test func nothingIsStartedBesideAContainerThatCouldNotBeStopped() async throws {
        let fixture = try AgentFixture()
        let faulty = FaultyRuntime(fixture.runtime)
        faulty.failStops(true)
        fixture.prober.answer(.failure("no"))
        try await fixture.withAgent(on: faulty) {
            let probe: Value = ["tcpSocket": ["port": 80], "periodSeconds": 1, "failureThreshold": 1]
            let uid = try await fixture.createPod(
                "web-0", spec: ["containers": [["name": "web", "image": "i", "livenessProbe": probe]]])
            try await Self.passingTime(fixture, atMost: 500) { await faulty.refuses(3) }
            #expect(try await fixture.runtime.pod(uid: uid).containers.count == 1)
            fixture.prober.answer(.success)
            faulty.failStops(false)
            try await Self.passingTime(fixture) {
                try await fixture.pod("web-0") { $0.status.containerStatuses.first?.restartCount == 1 && $0.isReady }
            }
        }
    }

    @Test func noSandboxIsMadeBesideOneThatCouldNotBeStopped() async throws {
        let fixture = try AgentFixture()
        let faulty = FaultyRuntime(fixture.runtime)
        try await fixture.withAgent(on: faulty) {
            let uid = try await fixture.createPod("web-0")
            try await fixture.pod("web-0") { $0.isReady }
            let first = try #require(await fixture.runtime.pod(uid: uid).sandboxes.first?.id)
            faulty.failStops(true)
            // As when its pause process is killed: the runtime has not given its network back.
            try await fixture.runtime.stopSandbox(first)
            try await Self.passingTime(fixture, atMost: 500) { await faulty.refuses(3) }
            #expect(try await fixture.runtime.pod(uid: uid).sandboxes.count == 1)
            faulty.failStops(false)
            try await Self.passingTime(fixture) {
                try await fixture.pod("web-0") { $0.status.containerStatuses.first?.restartCount == 1 && $0.isReady }
            }
            // Its address, interface and host ports are given back, although nothing of it ran any more.
            #expect(faulty.stoppedSandboxes.contains(first))
        }
    }

    @Test func aDeadSandboxOfAPodThatIsOverIsStopped() async throws {
        let fixture = try AgentFixture()
        let faulty = FaultyRuntime(fixture.runtime)
        try await fixture.withAgent(on: faulty) {
            let uid = try await fixture.createPod("job", spec: ["restartPolicy": "Never"])
            try await fixture.pod("job") { $0.isReady }
            let sandbox = try #require(await fixture.runtime.pod(uid: uid).sandboxes.first?.id)
            // As after a reboot: nothing runs, and the runtime has not given the network back.
            try await fixture.runtime.stopSandbox(sandbox)
            try await fixture.pod("job") { $0.isTerminal }
            #expect(faulty.stoppedSandboxes == [sandbox])
        }
    }

    @Test func eventsOfAVolumeThatFailsComeWithItsTries() async throws {
        let fixture = try AgentFixture()
        try await fixture.withAgent {
            try await fixture.createPod(
                "web-0",
                spec: [
                    "volumes": [["name": "v", "configMap": ["name": "conf"]]],
                    "containers": [
                        ["name": "web", "image": "nginx:1", "volumeMounts": [["name": "v", "mountPath": "/v"]]]
                    ],
                ])
            try await fixture.event("FailedMount")
            for _ in 0..<60 {
                fixture.clock.advance(.seconds(1))
                for _ in 0..<200 { await Task.yield() }
            }
            _ = try await fixture.client.create(.configMaps, ["metadata": ["name": "conf", "namespace": "default"]])
            try await Self.passingTime(fixture) {
                try await fixture.pod("web-0") { $0.isReady }
                // Events of one moment have one name: this is the first of the start.
                try await fixture.event("Pulled")
            }
            let events = try await fixture.client.list(.events, namespace: "default").items
            func count(_ reason: String) -> Int {
                events.filter { $0["reason"]?.string == reason }.reduce(0) { $0 + ($1["count"]?.int ?? 1) }
            }
            // After 0.5, 1, 2, 4, 8, 16 and 32 seconds.
            #expect(count("FailedMount") <= 9)
            #expect(count("Pulled") == 1)
        }
    }

    // MARK: Helpers

    /// Returns when a container of a pod runs.
    private static func runs(_ uid: String, _ fixture: AgentFixture) async throws {
        let events = try await fixture.runtime.events()
        if try await isRunning(uid, fixture) { return }
        for await _ in events where try await isRunning(uid, fixture) { return }
    }

    private static func container(lifecycle: Value) -> Value {
        ["containers": [["name": "web", "image": "nginx:1", "lifecycle": lifecycle]]]
    }

    private static func isRunning(_ uid: String, _ fixture: AgentFixture) async throws -> Bool {
        try await fixture.runtime.pod(uid: uid).containers.contains {
            if case .running = $0.phase { true } else { false }
        }
    }

    private static func newest(_ uid: String, _ fixture: AgentFixture) async throws -> String {
        try #require(await fixture.runtime.pod(uid: uid).containers.first).id
    }

    /// Returns when the runtime has nothing of a pod.
    private static func runtimeHasNot(_ uid: String, _ fixture: AgentFixture) async throws {
        let events = try await fixture.runtime.events()
        if try await fixture.runtime.pod(uid: uid) == RuntimePod() { return }
        for await _ in events where try await fixture.runtime.pod(uid: uid) == RuntimePod() { return }
    }

    /// Lets seconds pass, one after the other, until `body` returns.
    @discardableResult
    static func passingTime<Result: Sendable>(
        _ fixture: AgentFixture, atMost limit: Int = .max, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                var passed = 0
                while !Task.isCancelled, passed < limit {
                    // Whoever is about to sleep gets the time to do so.
                    for _ in 0..<100 { await Task.yield() }
                    fixture.clock.advance(.seconds(1))
                    passed += 1
                }
                return nil
            }
            defer { group.cancelAll() }
            while let result = try await group.next() { if let result { return result } }
            throw CancellationError()
        }
    }
}

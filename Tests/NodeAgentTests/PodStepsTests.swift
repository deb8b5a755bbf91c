import Kinds
import NodeInterfaces
import ObjectModel
import Testing

@testable import NodeAgent

@Suite struct PodStepsTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var policy = "Always"
        var spec: Value = [:]
        var sandboxes: [SandboxStatus] = [PodFixture.sandbox()]
        var containers: [ContainerState] = []
        var memory = PodMemory()
        var expected: [String]
    }

    static let cases: [Case] = [
        Case(
            testDescription: "a new pod gets a sandbox and its container", sandboxes: [],
            expected: ["sandbox 0", "start web 0"]),
        Case(testDescription: "a ready sandbox is kept", expected: ["start web 0"]),
        Case(
            testDescription: "a running container is left alone",
            containers: [PodFixture.running("web")], expected: []),
        Case(
            testDescription: "a dead sandbox is replaced and its containers restarted",
            sandboxes: [PodFixture.sandbox(ready: false)], containers: [PodFixture.exited("web", code: 137)],
            expected: ["stop pod", "sandbox 1", "start web 1"]),
        Case(
            testDescription: "a sandbox without an address is replaced",
            sandboxes: [PodFixture.sandbox(addresses: [])], expected: ["stop pod", "sandbox 1", "start web 0"]),
        Case(
            testDescription: "a container that runs is left alone until its sandbox is surely dead",
            sandboxes: [PodFixture.sandbox(ready: false)], containers: [PodFixture.running("web")],
            expected: ["doubt", "recheck 1.0 seconds"]),
        Case(
            testDescription: "and for a second, no longer",
            sandboxes: [PodFixture.sandbox(addresses: [])], containers: [PodFixture.running("web")],
            memory: PodFixture.sandboxFault(ago: 1), expected: ["stop pod", "sandbox 1", "start web 1"]),
        Case(
            testDescription: "a dead sandbox of a pod that never restarts ends the pod", policy: "Never",
            sandboxes: [PodFixture.sandbox(ready: false)], containers: [PodFixture.exited("web", code: 0)],
            expected: ["stop pod"]),
        Case(
            testDescription: "Always restarts a success", containers: [PodFixture.exited("web", code: 0)],
            expected: ["start web 1"]),
        Case(
            testDescription: "OnFailure restarts a failure", policy: "OnFailure",
            containers: [PodFixture.exited("web", code: 1)], expected: ["start web 1"]),
        Case(
            testDescription: "OnFailure ends with a success", policy: "OnFailure",
            containers: [PodFixture.exited("web", code: 0)], expected: ["stop pod"]),
        Case(
            testDescription: "Never ends with a failure", policy: "Never",
            containers: [PodFixture.exited("web", code: 1)], expected: ["stop pod"]),
        Case(
            testDescription: "a failed liveness probe restarts",
            containers: [PodFixture.running("web")],
            memory: PodFixture.health("web-0", ContainerHealth(started: true, ready: true, livenessFailed: true)),
            expected: ["stop web: Container web failed liveness probe, will be restarted", "start web 1"]),
        Case(
            testDescription: "a failed startup probe ends a pod that never restarts", policy: "Never",
            containers: [PodFixture.running("web")],
            memory: PodFixture.health("web-0", ContainerHealth(started: false, ready: false)),
            expected: ["stop web: Container web failed startup probe"]),
        Case(
            testDescription: "one that may still run is stopped before it is started again",
            containers: [PodFixture.unknown("web")],
            expected: ["stop web: Container is in \"unknown\" state, try killing it before restart", "start web 0"]),
        Case(
            testDescription: "an init container that may still run too", spec: PodFixture.initContainers("a"),
            containers: [PodFixture.unknown("a")],
            expected: ["stop a: Container is in \"unknown\" state, try killing it before restart", "start a 0"]),
        Case(
            testDescription: "another image restarts",
            containers: [PodFixture.running("web", hash: "other")],
            expected: ["stop web: Container web definition changed, will be restarted", "start web 1"]),
        Case(
            testDescription: "the first init container comes first", spec: PodFixture.initContainers("a", "b"),
            sandboxes: [], expected: ["sandbox 0", "start a 0"]),
        Case(
            testDescription: "an init container that runs holds the others",
            spec: PodFixture.initContainers("a", "b"), containers: [PodFixture.running("a")], expected: []),
        Case(
            testDescription: "the next init container follows", spec: PodFixture.initContainers("a", "b"),
            containers: [PodFixture.exited("a", code: 0)], expected: ["start b 0"]),
        Case(
            testDescription: "the container follows the last init container",
            spec: PodFixture.initContainers("a", "b"),
            containers: [PodFixture.exited("b", code: 0), PodFixture.exited("a", code: 0)], expected: ["start web 0"]),
        Case(
            testDescription: "a failed init container is tried again", spec: PodFixture.initContainers("a"),
            containers: [PodFixture.exited("a", code: 1)], expected: ["start a 1"]),
        Case(
            testDescription: "a failed init container ends a pod that never restarts", policy: "Never",
            spec: PodFixture.initContainers("a"), containers: [PodFixture.exited("a", code: 1)],
            expected: ["stop pod"]),
        Case(
            testDescription: "a sidecar that runs lets the others start",
            spec: ["initContainers": [["name": "side", "image": "i", "restartPolicy": "Always"]]],
            containers: [PodFixture.running("side")], expected: ["start web 0"]),
        Case(
            testDescription: "a sidecar whose startup is undecided holds the others",
            spec: [
                "initContainers": [
                    [
                        "name": "side", "image": "i", "restartPolicy": "Always",
                        "startupProbe": ["exec": ["command": ["true"]]],
                    ]
                ]
            ],
            containers: [PodFixture.running("side")], expected: []),
        Case(
            testDescription: "a sidecar that keeps crashing does not keep a pod that is over", policy: "Never",
            spec: ["initContainers": [["name": "side", "image": "i", "restartPolicy": "Always"]]],
            containers: [PodFixture.exited("side", code: 1), PodFixture.exited("web", code: 0)],
            expected: ["stop pod"]),
        Case(
            testDescription: "nor does one that waits for its restart", policy: "Never",
            spec: ["initContainers": [["name": "side", "image": "i", "restartPolicy": "Always"]]],
            containers: [PodFixture.exited("side", code: 1), PodFixture.exited("web", code: 0)],
            memory: PodFixture.restarted("side", image: "i"), expected: ["stop pod"]),
        Case(
            testDescription: "nor is one started again beside the last container's stop", policy: "Never",
            spec: ["initContainers": [["name": "side", "image": "i", "restartPolicy": "Always"]]],
            containers: [PodFixture.exited("side", code: 1), PodFixture.running("web")],
            memory: PodFixture.health("web-0", ContainerHealth(started: false, ready: false)),
            expected: ["stop web: Container web failed startup probe"]),
        Case(
            testDescription: "a sidecar that crashed is started again while the container runs", policy: "Never",
            spec: ["initContainers": [["name": "side", "image": "i", "restartPolicy": "Always"]]],
            containers: [PodFixture.exited("side", code: 1), PodFixture.running("web")], expected: ["start side 1"]),
        Case(
            testDescription: "a start that failed waits", memory: PodFixture.failure("web", until: 5),
            expected: ["recheck 5.0 seconds"]),
        Case(
            testDescription: "a volume that failed holds everything", sandboxes: [],
            memory: PodFixture.setUpFailure(until: 2), expected: ["recheck 2.0 seconds"]),
    ]

    @Test(arguments: cases) func decides(_ test: Case) {
        var spec: Value = [
            "restartPolicy": .string(test.policy), "containers": [["name": "web", "image": "nginx:1"]],
        ]
        for field in test.spec.fields ?? Fields() { spec[field.key] = field.value }
        let steps = podSteps(
            desired: PodFixture.pod(spec: spec),
            observed: RuntimePod(sandboxes: test.sandboxes, containers: test.containers), memory: test.memory,
            at: PodFixture.now)
        #expect(Self.describe(steps) == test.expected)
    }

    @Test func theSecondRestartWaitsTenSeconds() {
        var memory = PodMemory()
        let first = podSteps(
            desired: PodFixture.pod(), observed: Self.crashed(attempt: 0), memory: memory, at: PodFixture.now)
        #expect(first.starts.map(\.attempt) == [1])
        memory.restarts.tried(Self.key, failedAt: PodFixture.now, now: PodFixture.now)
        let second = podSteps(
            desired: PodFixture.pod(), observed: Self.crashed(attempt: 1), memory: memory,
            at: PodFixture.now + .seconds(4))
        #expect(second.starts.isEmpty)
        #expect(second.recheckAfter == .seconds(6))
        #expect(second.heldBack["web"] == "back-off 10s restarting failed container=web pod=web-0_default(u1)")
        let later = podSteps(
            desired: PodFixture.pod(), observed: Self.crashed(attempt: 1), memory: memory,
            at: PodFixture.now + .seconds(10))
        #expect(later.starts.map(\.attempt) == [2])
    }

    @Test func theThirdKillForAProbeWaits() {
        let failed = ContainerHealth(started: true, ready: true, livenessFailed: true)
        func steps(_ memory: PodMemory, after seconds: Int, _ containers: ContainerState...) -> PodSteps {
            podSteps(
                desired: PodFixture.pod(),
                observed: RuntimePod(sandboxes: [PodFixture.sandbox()], containers: containers), memory: memory,
                at: PodFixture.now + .seconds(seconds))
        }
        var memory = PodFixture.health("web-1", failed)
        let second = steps(
            memory, after: 1, PodFixture.running("web", attempt: 1), PodFixture.exited("web", code: 137))
        #expect(second.stops.map(\.id) == ["web-1"])
        #expect(second.starts == [ContainerStart(name: "web", attempt: 2, formerEnd: PodFixture.now)])
        memory.restarts.tried(Self.key, failedAt: PodFixture.now, now: PodFixture.now + .seconds(1))
        memory.health = ["web-2": failed]
        let ended = PodFixture.exited("web", code: 137, attempt: 1)
        let third = steps(memory, after: 4, PodFixture.running("web", attempt: 2), ended)
        // It is stopped at once; what waits is its start.
        #expect(third.stops.map(\.id) == ["web-2"])
        #expect(third.starts.isEmpty)
        #expect(third.heldBack["web"] == "back-off 10s restarting failed container=web pod=web-0_default(u1)")
        let later = steps(memory, after: 10, PodFixture.exited("web", code: 137, attempt: 2), ended)
        #expect(later.starts.map(\.attempt) == [3])
    }

    @Test func anotherImageDoesNotWait() {
        var memory = PodMemory()
        memory.restarts.tried("of the former image", failedAt: PodFixture.now, now: PodFixture.now)
        let steps = podSteps(
            desired: PodFixture.pod(), observed: Self.crashed(attempt: 1), memory: memory, at: PodFixture.now)
        #expect(steps.starts.map(\.attempt) == [2])
    }

    /// What the container's waiting time is kept by.
    private static let key = ContainerHash.of(PodFixture.pod().view.spec.containers[0])

    private static let reports: [(what: String, state: Value, lastState: Value, reported: Int64, next: Int)] = [
        ("it ran", ["running": [:]], [:], 4, 5),
        ("it ended", ["terminated": ["exitCode": 1]], [:], 4, 5),
        ("it is held back", ["waiting": ["reason": "CrashLoopBackOff"]], ["terminated": ["exitCode": 1]], 4, 5),
        ("it was only made", ["waiting": ["reason": "ContainerCreating"]], [:], 0, 0),
        ("it was only made again", ["waiting": ["reason": "ContainerCreating"]], [:], 4, 4),
    ]

    @Test(arguments: reports)
    func theCountGoesOnWhenTheRuntimeLostItsState(
        what: String, state: Value, lastState: Value, reported: Int64, next: Int
    ) {
        let pod = PodFixture.pod(status: [
            "containerStatuses": [
                [
                    "name": "web", "containerID": "containerd://x", "restartCount": .integer(reported), "state": state,
                    "lastState": lastState,
                ]
            ]
        ])
        let steps = podSteps(desired: pod, observed: RuntimePod(), memory: PodMemory(), at: PodFixture.now)
        #expect(steps.starts.map(\.attempt) == [next], "\(what)")
    }

    /// The runtime ended while it made or started an instance: nobody saw that one run.
    @Test(arguments: [("containerd://web-0", 1), ("containerd://other", 0), ("", 0)])
    func anInstanceThatIsUnknownCountsWhenItWasSeenToRun(identifier: String, attempt: Int) {
        let pod = PodFixture.pod(status: [
            "containerStatuses": [
                [
                    "name": "web", "containerID": .string(identifier), "restartCount": 0,
                    "state": identifier.isEmpty ? ["waiting": [:]] : ["running": [:]],
                ]
            ]
        ])
        let steps = podSteps(
            desired: pod,
            observed: RuntimePod(sandboxes: [PodFixture.sandbox()], containers: [PodFixture.unknown("web")]),
            memory: PodMemory(), at: PodFixture.now)
        #expect(steps.stops.map(\.id) == ["web-0"])
        #expect(steps.starts.map(\.attempt) == [attempt])
        #expect(steps.starts.first?.leftover == (attempt == 0 ? "web-0" : nil))
    }

    private static func crashed(attempt: Int) -> RuntimePod {
        RuntimePod(
            sandboxes: [PodFixture.sandbox()], containers: [PodFixture.exited("web", code: 1, attempt: attempt)])
    }

    static func describe(_ steps: PodSteps) -> [String] {
        var lines = steps.stops.map { "stop \($0.name): \($0.message)" }
        if steps.isInDoubt { lines.append("doubt") }
        if steps.stopsPod { lines.append("stop pod") }
        if let sandbox = steps.newSandbox { lines.append("sandbox \(sandbox)") }
        lines += steps.starts.map { "start \($0.name) \($0.attempt)" }
        if let recheck = steps.recheckAfter { lines.append("recheck \(recheck)") }
        return lines
    }
}

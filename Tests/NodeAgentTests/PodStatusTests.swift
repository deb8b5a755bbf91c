import Kinds
import NodeInterfaces
import ObjectModel
import Testing

@testable import NodeAgent

@Suite struct PodStatusTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var policy = "Always"
        var spec: Value = [:]
        var former: Value = [:]
        var sandboxes: [SandboxStatus] = [PodFixture.sandbox()]
        var containers: [ContainerState] = []
        var memory = PodMemory()
        var life = PodLife.active
        var phase: String
        var ready: String
        var state: Value
    }

    private static let startedAt = Value.string(PodFixture.now.text)
    private static func ended(_ code: Int64, attempt: Int = 0) -> Value {
        [
            "terminated": [
                "exitCode": .integer(code), "reason": code == 0 ? "Completed" : "Error", "startedAt": startedAt,
                "finishedAt": startedAt, "containerID": .string("containerd://web-\(attempt)"),
            ]
        ]
    }
    private static func waiting(_ reason: String, _ message: String? = nil) -> Value {
        var waiting: Value = ["reason": .string(reason)]
        if let message { waiting["message"] = .string(message) }
        return ["waiting": waiting]
    }
    private static func heldBack() -> PodMemory {
        var memory = PodMemory()
        memory.heldBack["web"] = "back-off"
        return memory
    }

    static let cases: [Case] = [
        Case(
            testDescription: "before the sandbox", sandboxes: [], phase: "Pending", ready: "False ContainersNotReady",
            state: waiting("ContainerCreating")),
        Case(
            testDescription: "running without probes", containers: [PodFixture.running("web")], phase: "Running",
            ready: "True ", state: ["running": ["startedAt": startedAt]]),
        Case(
            testDescription: "running and not ready", containers: [PodFixture.running("web")],
            memory: PodFixture.health("web-0", ContainerHealth(started: true, ready: false)), phase: "Running",
            ready: "False ContainersNotReady", state: ["running": ["startedAt": startedAt]]),
        Case(
            testDescription: "held back after a crash", containers: [PodFixture.exited("web", code: 1)],
            memory: heldBack(), phase: "Running", ready: "False ContainersNotReady",
            state: waiting("CrashLoopBackOff", "back-off")),
        Case(
            testDescription: "no image", memory: PodFixture.failure("web", until: 9), phase: "Pending",
            ready: "False ContainersNotReady", state: waiting("E", "m")),
        Case(
            testDescription: "succeeded", policy: "OnFailure", containers: [PodFixture.exited("web", code: 0)],
            life: .over, phase: "Succeeded", ready: "False PodCompleted", state: ended(0)),
        Case(
            testDescription: "failed", policy: "Never", containers: [PodFixture.exited("web", code: 3)], life: .over,
            phase: "Failed", ready: "False PodFailed", state: ended(3)),
        Case(
            testDescription: "stopped by its deletion", containers: [PodFixture.exited("web", code: 0)], life: .over,
            phase: "Succeeded", ready: "False PodCompleted", state: ended(0)),
        Case(
            testDescription: "while it is stopped a pod keeps its phase", policy: "Never",
            former: ["phase": "Running"], containers: [PodFixture.exited("web", code: 0)], life: .stopping,
            phase: "Running", ready: "False ContainersNotReady", state: ended(0)),
        Case(
            testDescription: "waiting for an init container", spec: PodFixture.initContainers("a"),
            containers: [PodFixture.running("a")], phase: "Pending", ready: "False ContainersNotReady",
            state: waiting("PodInitializing")),
        Case(
            testDescription: "a phase that is final stays", former: ["phase": "Failed"],
            containers: [PodFixture.running("web")], phase: "Failed", ready: "False PodFailed",
            state: ["running": ["startedAt": startedAt]]),
        Case(
            testDescription: "a container that vanished while it was stopped",
            former: [
                "containerStatuses": [
                    ["name": "web", "containerID": "containerd://x", "state": ["running": [:]], "restartCount": 0]
                ]
            ],
            sandboxes: [], life: .over, phase: "Failed", ready: "False PodFailed",
            state: [
                "terminated": [
                    "exitCode": 137, "reason": "ContainerStatusUnknown",
                    "message": "The container could not be located when the pod was terminated", "startedAt": .null,
                    "finishedAt": .null,
                ]
            ]),
    ]

    private static func report(_ test: Case) -> Value {
        var spec: Value = [
            "restartPolicy": .string(test.policy), "containers": [["name": "web", "image": "nginx:1"]],
        ]
        for field in test.spec.fields ?? Fields() { spec[field.key] = field.value }
        return podStatus(
            of: PodFixture.pod(spec: spec, status: test.former),
            observed: RuntimePod(sandboxes: test.sandboxes, containers: test.containers), memory: test.memory,
            life: test.life, nodeAddress: "10.0.0.1", at: PodFixture.now)
    }

    @Test(arguments: cases) func reports(_ test: Case) {
        let status = Self.report(test)
        let ready = status["conditions"]?.array?.first { $0["type"]?.string == "Ready" }
        #expect(status["phase"]?.string == test.phase)
        #expect("\(ready?["status"]?.string ?? "") \(ready?["reason"]?.string ?? "")" == test.ready)
        #expect(status["containerStatuses"]?.array?.first?["state"] == test.state)
    }

    @Test(arguments: cases) func everyContainerStatusHasItsRequiredFields(_ test: Case) {
        let status = Self.report(test)
        for entry in (status["containerStatuses"]?.array ?? []) + (status["initContainerStatuses"]?.array ?? []) {
            for field in ["name", "image", "imageID", "ready", "restartCount", "state", "lastState"] {
                #expect(entry[field] != nil, "\(field)")
            }
        }
        for field in ["phase", "conditions", "hostIP", "hostIPs", "startTime", "qosClass", "observedGeneration"] {
            #expect(status[field] != nil, "\(field)")
        }
    }

    @Test func aRestartShowsTheFormerEnd() {
        let status = Self.report(
            Case(
                testDescription: "",
                containers: [PodFixture.running("web", attempt: 1), PodFixture.exited("web", code: 1)],
                phase: "", ready: "", state: [:]))
        let entry = status["containerStatuses"]?.array?.first
        #expect(entry?["restartCount"] == 1)
        #expect(entry?["lastState", "terminated", "exitCode"] == 1)
        #expect(entry?["containerID"]?.string == "containerd://web-1")
    }

    @Test func aConditionKeepsItsTimeWhileItsStatusStays() {
        let before: Value = [
            "conditions": [
                ["type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"],
                ["type": "Ready", "status": "False", "lastTransitionTime": "2026-01-01T00:00:00Z"],
                ["type": "example.com/gate", "status": "True"],
            ]
        ]
        let status = Self.report(
            Case(
                testDescription: "", former: before, containers: [PodFixture.running("web")], phase: "", ready: "",
                state: [:]))
        let times = Dictionary(
            uniqueKeysWithValues: (status["conditions"]?.array ?? []).map {
                ($0["type"]?.string ?? "", $0["lastTransitionTime"]?.string ?? "none")
            })
        #expect(times["PodScheduled"] == "2026-01-01T00:00:00Z")
        #expect(times["Ready"] == PodFixture.now.text)
        #expect(times["example.com/gate"] == "none")
    }

    @Test func addressesComeFromTheSandbox() {
        let status = Self.report(
            Case(testDescription: "", containers: [PodFixture.running("web")], phase: "", ready: "", state: [:]))
        #expect(status["podIP"] == "10.244.0.5")
        #expect(status["podIPs"] == [["ip": "10.244.0.5"]])
    }

    @Test func anUnchangedStatusIsNotWritten() {
        let status = Self.report(
            Case(testDescription: "", containers: [PodFixture.running("web")], phase: "", ready: "", state: [:]))
        #expect(StatusPublisher.change(from: status, to: status) == nil)
        var stored = status
        stored["conditions"] = .array(
            (status["conditions"]?.array ?? []).map { condition in
                var condition = condition
                condition["lastProbeTime"] = nil
                return condition
            })
        #expect(StatusPublisher.change(from: stored, to: status) == nil)
        stored["phase"] = "Pending"
        #expect(StatusPublisher.change(from: stored, to: status) == ["phase": "Running"])
    }

    @Test func timesStayWhileTheAPIStillHasAnOlderStatus() {
        let pod = PodFixture.pod()
        let observed = RuntimePod(sandboxes: [PodFixture.sandbox()], containers: [PodFixture.running("web")])
        var memory = PodMemory()
        let first = podStatus(
            of: pod, observed: observed, memory: memory, life: .active, nodeAddress: "10.0.0.1", at: PodFixture.now)
        memory.reported = first
        let later = podStatus(
            of: pod, observed: observed, memory: memory, life: .active, nodeAddress: "10.0.0.1",
            at: PodFixture.now + .seconds(5))
        #expect(later == first)
    }
}

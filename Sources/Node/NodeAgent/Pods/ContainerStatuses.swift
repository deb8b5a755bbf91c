internal import Kinds
internal import NodeInterfaces
internal import ObjectModel

/// What the runtime's instances of one container amount to.
struct ContainerReport: Sendable, Hashable {
    /// What it is doing, reduced to what phases and conditions need.
    enum Stage: Sendable, Hashable {
        case waiting(hasEnded: Bool)
        case running
        case ended(code: Int)
    }

    var name: String
    var stage: Stage
    var isReady: Bool
    /// Whether it runs and its startup probe has passed.
    var isStarted: Bool
    /// The entry of `containerStatuses`.
    var value: Value
}

/// Writes the status of one container from what the runtime has, what the agent remembers and what was reported before.
struct ContainerReporter {
    let pod: AgentPod
    let runtime: RuntimePod
    let memory: PodMemory
    /// Whether nothing will be started any more.
    let isTerminal: Bool

    func report(_ container: ContainerView, isInit: Bool) -> ContainerReport {
        let instances = runtime.containers.filter { $0.name == container.name }
        guard let latest = instances.first else { return reportWithoutInstance(container, isInit: isInit) }
        let former = instances.dropFirst().first { Self.ending($0) != nil }
        var report = ContainerReport(
            name: container.name, stage: .waiting(hasEnded: false), isReady: false, isStarted: false,
            value: base(container, restarts: latest.attempt))
        report.value["image"] = .string(latest.image.isEmpty ? container.image : latest.image)
        report.value["imageID"] = .string(latest.imageID)
        report.value["containerID"] = .string(Self.identifier(latest))
        var lastEnd = former.flatMap(Self.ending)
        switch latest.phase {
        case .running(let startedAt):
            describeRunning(container, latest, startedAt, isInit: isInit, &report)
        case .exited(let code, _, _, _, _):
            if let waiting = waitingReason(container), !isTerminal {
                lastEnd = Self.ending(latest)
                report.stage = .waiting(hasEnded: true)
                report.value["state"] = ["waiting": waiting]
            } else {
                report.stage = .ended(code: code)
                report.isReady = isInit && !container.isRestartable && code == 0
                report.value["state"] = ["terminated": Self.ending(latest) ?? [:]]
            }
        case .created, .unknown:
            report.value["state"] = ["waiting": waitingReason(container) ?? ["reason": "ContainerCreating"]]
        }
        if let lastEnd { report.value["lastState"] = ["terminated": lastEnd] }
        return finish(report)
    }

    private func describeRunning(
        _ container: ContainerView, _ state: ContainerState, _ startedAt: Timestamp, isInit: Bool,
        _ report: inout ContainerReport
    ) {
        let health =
            memory.health[state.id]
            ?? ContainerHealth(
                started: container.startupProbe == nil ? true : nil, ready: container.readinessProbe == nil)
        report.stage = .running
        report.isStarted = health.started == true
        report.isReady = report.isStarted && health.ready && !(isInit && !container.isRestartable)
        report.value["state"] = ["running": ["startedAt": .string(startedAt.text)]]
    }

    /// The runtime has no instance: it was not started yet, or it is gone.
    private func reportWithoutInstance(_ container: ContainerView, isInit: Bool) -> ContainerReport {
        let list = isInit ? "initContainerStatuses" : "containerStatuses"
        let reported = pod.object.child("status").items(list).first { $0.text("name") == container.name }
        let view = reported.map { ContainerStatusView($0) }
        if let reported, let end = view?.termination {
            return ContainerReport(
                name: container.name, stage: .ended(code: end.exitCode), isReady: reported.flag("ready"),
                isStarted: false, value: reported)
        }
        var report = ContainerReport(
            name: container.name, stage: .waiting(hasEnded: false), isReady: false, isStarted: false,
            value: base(container, restarts: view?.restartCount ?? 0))
        report.value["image"] = .string(container.image)
        report.value["imageID"] = .string(reported?.text("imageID") ?? "")
        if let id = view?.containerID, !id.isEmpty { report.value["containerID"] = .string(id) }
        if let last = reported?["lastState"] { report.value["lastState"] = last }
        if let view, view.isRunning {
            let lost = Self.lost
            report.stage = isTerminal ? .ended(code: 137) : .waiting(hasEnded: true)
            report.value[isTerminal ? "state" : "lastState"] = ["terminated": lost]
        }
        if case .waiting = report.stage {
            report.value["state"] = ["waiting": waitingReason(container) ?? defaultWaiting(isInit: isInit)]
        }
        return finish(report)
    }

    private static let lost: Value = [
        "exitCode": 137, "reason": "ContainerStatusUnknown",
        "message": "The container could not be located when the pod was terminated", "startedAt": .null,
        "finishedAt": .null,
    ]

    private func base(_ container: ContainerView, restarts: Int) -> Value {
        [
            "name": .string(container.name), "state": [:], "lastState": [:], "ready": false,
            "restartCount": .integer(Int64(restarts)), "image": "", "imageID": "",
        ]
    }

    private func finish(_ report: ContainerReport) -> ContainerReport {
        var report = report
        report.value["ready"] = .bool(report.isReady)
        report.value["started"] = .bool(report.isStarted)
        return report
    }

    private func defaultWaiting(isInit: Bool) -> Value {
        ["reason": isInit || pod.view.spec.initContainers.isEmpty ? "ContainerCreating" : "PodInitializing"]
    }

    private func waitingReason(_ container: ContainerView) -> Value? {
        if let failure = memory.failures[container.name] {
            return ["reason": .string(failure.reason), "message": .string(failure.message)]
        }
        return memory.heldBack[container.name].map { ["reason": "CrashLoopBackOff", "message": .string($0)] }
    }

    static func identifier(_ state: ContainerState) -> String { "containerd://\(state.id)" }

    /// ContainerStateTerminated of an instance that has ended.
    static func ending(_ state: ContainerState) -> Value? {
        guard case .exited(let code, let reason, let message, let startedAt, let finishedAt) = state.phase else {
            return nil
        }
        var ending: Value = ["exitCode": .integer(Int64(code))]
        ending["reason"] = .string(reason.isEmpty ? (code == 0 ? "Completed" : "Error") : reason)
        if !message.isEmpty { ending["message"] = .string(message) }
        ending["startedAt"] = .string(startedAt.text)
        ending["finishedAt"] = .string(finishedAt.text)
        ending["containerID"] = .string(identifier(state))
        return ending
    }
}

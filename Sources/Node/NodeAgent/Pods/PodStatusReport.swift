internal import Kinds
package import NodeInterfaces
package import ObjectModel
internal import Scheduling

/// Where in its life the agent has a pod, as far as its status depends on it.
package enum PodLife: Sendable, Hashable {
    /// It should run.
    case active
    /// It is being stopped.
    case stopping
    /// Nothing of it runs and nothing will.
    case over
}

/// The status to publish for a pod (kubelet's `generateAPIPodStatus`): a pure function of what is observed.
///
/// Conditions keep their transition times while their status stays; conditions of others are kept as they are.
package func podStatus(
    of pod: AgentPod, observed runtime: RuntimePod, memory: PodMemory, life: PodLife, nodeAddress: String,
    at now: Timestamp
) -> Value {
    PodStatusReport(pod: pod, runtime: runtime, memory: memory, life: life, nodeAddress: nodeAddress, now: now).value
}

private struct PodStatusReport {
    let pod: AgentPod
    let runtime: RuntimePod
    let memory: PodMemory
    let life: PodLife
    let nodeAddress: String
    let now: Timestamp

    private var stored: Value { pod.object.child("status") }
    /// Where times that stay come from. Not always the API: while a write is under way its status is still the old one,
    /// and two answers to "since when" would replace each other for ever.
    private var former: Value { memory.reported ?? stored }

    var value: Value {
        if let rejection = memory.rejection { return refused(rejection) }
        // One that was refused before the agent began anew keeps what it was told.
        if life == .over, runtime.isEmpty, pod.view.isTerminal, stored["containerStatuses"] == nil { return stored }
        let reporter = ContainerReporter(pod: pod, runtime: runtime, memory: memory, isTerminal: life == .over)
        let initReports = pod.view.spec.initContainers.map { reporter.report($0, isInit: true) }
        let reports = pod.view.spec.containers.map { reporter.report($0, isInit: false) }
        let phase = phase(initReports, reports)
        var status: Value = [:]
        if pod.view.metadata.generation > 0 {
            status["observedGeneration"] = .integer(Int64(pod.view.metadata.generation))
        }
        status["phase"] = .string(phase.rawValue)
        status["conditions"] = .array(conditions(phase, initReports, reports))
        if memory.deadlineExceeded {
            status["reason"] = "DeadlineExceeded"
            status["message"] = "Pod was active on the node longer than the specified deadline"
        } else {
            for key in ["reason", "message"] { status[key] = stored[key] }
        }
        status["hostIP"] = .string(nodeAddress)
        status["hostIPs"] = [["ip": .string(nodeAddress)]]
        if let addresses {
            status["podIP"] = .string(addresses[0])
            status["podIPs"] = .array(addresses.map { ["ip": .string($0)] })
        }
        status["startTime"] = former["startTime"] ?? .string(now.text)
        if !initReports.isEmpty { status["initContainerStatuses"] = .array(initReports.map(\.value)) }
        status["containerStatuses"] = .array(reports.map(\.value))
        status["qosClass"] = .string(
            pod.view.status.qosClass.isEmpty ? QualityOfService(pod.view.spec).rawValue : pod.view.status.qosClass)
        return status
    }

    private func refused(_ rejection: NodeAdmission.Rejection) -> Value {
        var status = stored
        status["phase"] = .string(PodPhase.failed.rawValue)
        status["reason"] = .string(rejection.reason)
        status["message"] = .string("Pod was rejected: \(rejection.message)")
        status["startTime"] = former["startTime"] ?? .string(now.text)
        status["qosClass"] = .string(QualityOfService(pod.view.spec).rawValue)
        if pod.view.metadata.generation > 0 {
            status["observedGeneration"] = .integer(Int64(pod.view.metadata.generation))
        }
        return status
    }

    /// The pod's addresses; what was reported stays while there is no newer one, as upstream keeps it for ended pods.
    private var addresses: [String]? {
        if pod.view.spec.hostNetwork { return [nodeAddress] }
        if let sandbox = runtime.sandboxes.first, !sandbox.addresses.isEmpty { return sandbox.addresses }
        if life == .active, !runtime.sandboxes.isEmpty || pod.view.status.podIPs.isEmpty { return nil }
        return pod.view.status.podIPs.isEmpty ? nil : pod.view.status.podIPs
    }

    private func phase(_ initReports: [ContainerReport], _ reports: [ContainerReport]) -> PodPhase {
        if let final = PodPhase(rawValue: pod.view.status.phase), [.succeeded, .failed].contains(final) {
            return final
        }
        let phase =
            memory.deadlineExceeded
            ? .failed
            : PodPhase.of(pod.view.spec, initContainers: initReports, containers: reports, isTerminal: life == .over)
        // Something of it may run still: whoever waits for its end goes by the phase.
        if life == .stopping, [.succeeded, .failed].contains(phase) {
            return PodPhase(rawValue: pod.view.status.phase) ?? .pending
        }
        return phase
    }

    // MARK: Conditions

    private struct Finding {
        var isTrue: Bool
        var reason = ""
        var message = ""
    }

    private func conditions(
        _ phase: PodPhase, _ initReports: [ContainerReport], _ reports: [ContainerReport]
    ) -> [Value] {
        let unready = reports.filter { !$0.isReady }.map(\.name) + unreadySidecars(initReports)
        let ready = readiness(phase, unready: unready)
        let own: [(String, Finding)] = [
            ("PodReadyToStartContainers", Finding(isTrue: hasNetwork)),
            ("Initialized", initialized(phase, initReports, reports)),
            ("Ready", gated(ready)),
            ("ContainersReady", ready),
            ("PodScheduled", Finding(isTrue: true)),
        ]
        let names = own.map(\.0)
        let others = stored.items("conditions").filter { !names.contains($0.text("type")) }
        return own.map { condition($0.0, $0.1) } + others
    }

    private var hasNetwork: Bool {
        guard let sandbox = runtime.sandboxes.first, sandbox.isReady else { return false }
        return pod.view.spec.hostNetwork || !sandbox.addresses.isEmpty
    }

    private func unreadySidecars(_ reports: [ContainerReport]) -> [String] {
        zip(pod.view.spec.initContainers, reports).filter { $0.isRestartable && !$1.isReady }.map(\.0.name)
    }

    private func initialized(
        _ phase: PodPhase, _ initReports: [ContainerReport], _ reports: [ContainerReport]
    ) -> Finding {
        if phase == .succeeded { return Finding(isTrue: true, reason: "PodCompleted") }
        let anyRan = reports.contains { if case .waiting(hasEnded: false) = $0.stage { false } else { true } }
        let missing = zip(pod.view.spec.initContainers, initReports).filter { !PodPhase.isDone($0, $1) }.map(\.0.name)
        if anyRan || missing.isEmpty { return Finding(isTrue: true) }
        return Finding(
            isTrue: false, reason: "ContainersNotInitialized",
            message: "containers with incomplete status: [\(missing.joined(separator: " "))]")
    }

    private func readiness(_ phase: PodPhase, unready: [String]) -> Finding {
        if phase == .succeeded { return Finding(isTrue: false, reason: "PodCompleted") }
        if phase == .failed { return Finding(isTrue: false, reason: "PodFailed") }
        if unready.isEmpty { return Finding(isTrue: true) }
        return Finding(
            isTrue: false, reason: "ContainersNotReady",
            message: "containers with unready status: [\(unready.joined(separator: " "))]")
    }

    private func gated(_ ready: Finding) -> Finding {
        guard ready.isTrue else { return ready }
        let missing = pod.view.spec.readinessGates.filter {
            pod.view.status.conditions.condition($0)?.isTrue != true
        }
        guard !missing.isEmpty else { return ready }
        let text = missing.map {
            "corresponding condition of pod readiness gate \"\($0)\" does not exist."
        }
        return Finding(isTrue: false, reason: "ReadinessGatesNotReady", message: text.joined(separator: ", "))
    }

    private func condition(_ type: String, _ finding: Finding) -> Value {
        let status = finding.isTrue ? "True" : "False"
        let old = former.items("conditions").first { $0.text("type") == type }
        let since = old?.text("status") == status ? old?.text("lastTransitionTime") ?? now.text : now.text
        var value: Value = ["type": .string(type)]
        if pod.view.metadata.generation > 0 {
            value["observedGeneration"] = .integer(Int64(pod.view.metadata.generation))
        }
        value["status"] = .string(status)
        value["lastProbeTime"] = .null
        value["lastTransitionTime"] = .string(since)
        if !finding.reason.isEmpty { value["reason"] = .string(finding.reason) }
        if !finding.message.isEmpty { value["message"] = .string(finding.message) }
        return value
    }
}

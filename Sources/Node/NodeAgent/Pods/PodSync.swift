internal import APIProtocol
internal import ControllerRuntime
internal import Kinds
internal import Logging
internal import NodeInterfaces
internal import ObjectModel
internal import Scheduling

/// One pod's work: reads what the runtime has, asks the pure core what to do, does it and publishes the status.
/// Everything it remembers can be lost: a new one goes on from what the API and the runtime have.
struct PodSync {
    /// What comes after a step.
    enum Outcome {
        /// Wait for news, at most this long.
        case wait(Duration?)
        /// Go on at once from what the runtime has now.
        case again(RuntimePod)
        /// Nothing of the pod is left here.
        case finished
    }

    var pod: AgentPod
    var isGone = false
    let environment: PodEnvironment
    let publisher: StatusPublisher
    let probes: ProbeRunner
    let orders: PodOrders
    var memory = PodMemory()
    var volumes = PodVolumes()
    var setUpFailures = 0
    /// Whether all of a pod that has ended was stopped since this began.
    var isStopped = false
    /// What the runtime had of the pod when it was last asked.
    private(set) var lastObserved = RuntimePod()
    private var newProbes: [@Sendable () async -> Void] = []
    private var runtimeFailures = 0
    private var lastSteps = PodSteps()

    init(
        pod: AgentPod, environment: PodEnvironment, publisher: StatusPublisher, probes: ProbeRunner, orders: PodOrders
    ) {
        self.pod = pod
        self.environment = environment
        self.publisher = publisher
        self.probes = probes
        self.orders = orders
    }

    var runtime: any ContainerRuntime { environment.runtime }
    var now: Timestamp { environment.now }
    var paths: PodPaths { PodPaths(pod: pod.identity, configuration: environment.configuration) }
    var naming: PodNaming {
        let configuration = environment.configuration
        return PodNaming(
            pod: pod, clusterDomain: configuration.clusterDomain, clusterDNS: configuration.clusterDNS,
            hostResolver: NodeFiles.text("/etc/resolv.conf"), nodeName: configuration.nodeName)
    }
    var assembly: ContainerAssembly {
        ContainerAssembly(pod: pod, configuration: environment.configuration, naming: naming)
    }

    /// The loops of probes that began with the last step.
    mutating func takeNewProbes() -> [@Sendable () async -> Void] {
        defer { newProbes = [] }
        return newProbes
    }

    /// One step. `seen` is what the runtime has, when it was just asked.
    mutating func step(seen: RuntimePod? = nil) async -> Outcome {
        let observed: RuntimePod
        do throws(RuntimeError) {
            if let seen { observed = seen } else { observed = try await runtime.pod(uid: pod.uid) }
            lastObserved = observed
            runtimeFailures = 0
        } catch {
            runtimeFailures += 1
            return .wait(BackOff.watches.delay(failures: runtimeFailures, random: environment.clock.random()))
        }
        if isGone || pod.view.isTerminating { return await finish(observed) }
        if let rejection = memory.rejection, observed.isEmpty { return refuse(rejection) }
        memory.health = probes.health
        memory.deadlineExceeded = memory.deadlineExceeded || isPastDeadline
        if pod.view.isTerminal || memory.deadlineExceeded { return await end(observed) }
        return await advance(observed)
    }

    // MARK: A pod that the node does not take

    /// Says why nothing of the pod is started. What becomes of it is for others to decide.
    private mutating func refuse(_ rejection: NodeAdmission.Rejection) -> Outcome {
        if memory.reported == nil { environment.note(pod, .warning, rejection.reason, rejection.message) }
        publish(RuntimePod(), life: .over)
        // Until the API has it.
        return .wait(pod.view.isTerminal ? nil : .seconds(10))
    }

    // MARK: A pod that should run

    private mutating func advance(_ observed: RuntimePod) async -> Outcome {
        settleImageFailures()
        let fault = observed.sandboxFault(onHostNetwork: pod.view.spec.hostNetwork)
        memory.sandboxFaultSince = fault == nil ? nil : memory.sandboxFaultSince ?? now
        let steps = podSteps(desired: pod, observed: observed, memory: memory, at: now)
        if let fault, steps.isInDoubt || steps.newSandbox != nil {
            environment.log.notice(
                steps.isInDoubt ? "a sandbox seems not to serve" : "a sandbox is made anew",
                metadata: ["pod": "\(pod.key)", "reason": "\(fault)"])
        }
        if steps.isInDoubt { return .wait(steps.recheckAfter) }
        noteHeldBack(steps.heldBack)
        memory.heldBack = steps.heldBack
        if steps.stopsPod, steps.newSandbox == nil { return await end(observed) }
        guard steps.isEmpty else { return await act(steps, observed) }
        lastSteps = steps
        var recheck = steps.recheckAfter
        // Volumes that failed are set up again when their waiting time is over, not at each look.
        let isWaiting = memory.setUpFailure.map { $0.retryAt > now } ?? false
        if !isWaiting, let refresh = await refreshVolumes() { recheck = min(recheck ?? refresh, refresh) }
        watch(observed)
        publish(observed, life: .active)
        await collectGarbage(observed)
        if let deadline = untilDeadline { recheck = min(recheck ?? deadline, deadline) }
        return .wait(recheck)
    }

    /// Does what is to be done, and looks at once at what came of it: it shows in the runtime.
    private mutating func act(_ steps: PodSteps, _ observed: RuntimePod) async -> Outcome {
        let made = await perform(steps, observed)
        // Steps that changed nothing, and failures, are not repeated without a pause.
        let hasFailed = memory.failures.values.contains { $0.retryAt > now } || memory.setUpFailure != nil
        let pauses = hasFailed || steps == lastSteps
        lastSteps = steps
        let after = await look(at: made, beside: observed)
        lastObserved = after ?? observed
        watch(lastObserved)
        publish(lastObserved, life: .active)
        if !pauses, let after { return .again(after) }
        return .wait(min(pauses ? .seconds(1) : .zero, untilDeadline ?? .seconds(1)))
    }

    /// What the runtime has now; nil when it does not answer. What was just made is asked for by name: all lists of all
    /// pods are long. What happens to the rest is told by the runtime's events.
    private func look(at made: Made?, beside observed: RuntimePod) async -> RuntimePod? {
        do throws(RuntimeError) {
            guard let made else { return try await runtime.pod(uid: pod.uid) }
            var after = observed
            if !after.sandboxes.contains(where: { $0.id == made.sandbox.id }) { after.sandboxes.append(made.sandbox) }
            for id in made.containers {
                guard let container = try await runtime.container(id, in: made.sandbox) else {
                    return try await runtime.pod(uid: pod.uid)
                }
                after.containers.append(container)
            }
            return after.newestFirst
        } catch {
            return nil
        }
    }

    func state(orElse former: RuntimePod) async -> RuntimePod {
        do throws(RuntimeError) {
            return try await runtime.pod(uid: pod.uid)
        } catch {
            return former
        }
    }

    /// A failed pull is shown once as such and then as waiting.
    private mutating func settleImageFailures() {
        for (name, failure) in memory.failures where failure.reason == "ErrImagePull" {
            guard failure.retryAt > now, let image = pod.container(name)?.image else { continue }
            let message = "Back-off pulling image \"\(image)\""
            memory.failures[name]?.reason = "ImagePullBackOff"
            memory.failures[name]?.message = "\(message): ErrImagePull: \(failure.message)"
            environment.note(pod, .normal, "BackOff", message, container: name)
        }
    }

    private func noteHeldBack(_ heldBack: [String: String]) {
        for name in heldBack.keys where memory.heldBack[name] != heldBack[name] {
            environment.note(
                pod, .warning, "BackOff",
                "Back-off restarting failed container \(name) in pod \(pod.key.name)_\(pod.key.namespace)(\(pod.uid))",
                container: name)
        }
    }

    /// Begins probes of containers that run, ends those of others.
    private mutating func watch(_ observed: RuntimePod) {
        let address = observed.sandboxes.first?.addresses.first ?? environment.configuration.nodeAddress
        let statuses = pod.view.status.initContainerStatuses + pod.view.status.containerStatuses
        var running: Set<String> = []
        for state in observed.containers {
            guard case .running(let startedAt) = state.phase, let container = pod.container(state.name) else {
                continue
            }
            running.insert(state.id)
            let known = statuses.first { $0.containerID == ContainerReporter.identifier(state) }
            newProbes += probes.begin(
                container, id: state.id, startedAt: startedAt, podIP: address, reported: known)
        }
        probes.keep(running)
        memory.health = probes.health
    }

    mutating func publish(_ observed: RuntimePod, life: PodLife) {
        var report = observed
        for index in report.containers.indices { report.containers[index].addLastWords() }
        let status = podStatus(
            of: pod, observed: report, memory: memory, life: life,
            nodeAddress: environment.configuration.nodeAddress, at: now)
        memory.reported = status
        publisher.publish(status)
    }

    // MARK: Deadlines

    private var untilDeadline: Duration? {
        guard let limit = pod.view.spec.activeDeadlineSeconds, let start = pod.view.status.startTime else { return nil }
        return max(.zero, start + .seconds(limit) - now)
    }

    private var isPastDeadline: Bool { untilDeadline == .zero }
}

internal import Kinds
package import NodeInterfaces
package import ObjectModel

/// A container to stop.
package struct ContainerStop: Sendable, Hashable {
    /// The runtime's id.
    package var id: String
    /// The container's name.
    package var name: String
    /// For people.
    package var message: String
    /// Its grace period when it differs from the pod's.
    package var grace: Duration?
}

/// A container to start.
package struct ContainerStart: Sendable, Hashable {
    /// The container's name.
    package var name: String
    /// Which instance this is.
    package var attempt: Int
    /// When the newest instance that has ended did so; nil when none has.
    package var formerEnd: Timestamp?
    /// A container that was made for this instance and never started, to be removed first: the agent ended in between.
    package var leftover: String?
}

/// What to do now for one pod, in this order: stop containers, stop the pod, make a sandbox, start containers.
package struct PodSteps: Sendable, Hashable {
    /// Containers to stop.
    package var stops: [ContainerStop] = []
    /// Stop all of the pod: it is over, or its sandbox must be made anew.
    package var stopsPod = false
    /// The number of the sandbox to make; nil when none is needed.
    package var newSandbox: Int?
    /// Why the former sandbox does not serve, for people; nil when it does or there was none.
    package var sandboxFault: String?
    /// Whether nothing is decided yet: what the runtime told is asked for once more first.
    package var isInDoubt = false
    /// The sandbox to start containers in; nil when it is made anew.
    package var sandboxID: String?
    /// Containers to start, in order.
    package var starts: [ContainerStart] = []
    /// Containers held back by their restarts' waiting time, with the text for people.
    package var heldBack: [String: String] = [:]
    /// When to look again although nothing happens.
    package var recheckAfter: Duration?

    /// Nothing to do.
    package init() {}

    /// Whether there is nothing to do.
    package var isEmpty: Bool { stops.isEmpty && !stopsPod && newSandbox == nil && starts.isEmpty }

    mutating func recheck(after duration: Duration) {
        recheckAfter = min(recheckAfter ?? duration, duration)
    }
}

extension RuntimePod {
    /// Why the pod's newest sandbox does not serve; nil when it does or there is none.
    func sandboxFault(onHostNetwork: Bool) -> String? {
        guard let newest = sandboxes.first else { return nil }
        let ready = sandboxes.filter(\.isReady).count
        if !newest.isReady { return "sandbox \(newest.id) is not ready" }
        if ready > 1 { return "\(ready) sandboxes are ready" }
        return onHostNetwork || !newest.addresses.isEmpty ? nil : "sandbox \(newest.id) has no address"
    }
}

/// What to do for a pod that should run (kubelet's `computePodActions`). A pod that is being deleted or has ended is
/// stopped as a whole and needs no steps.
package func podSteps(
    desired pod: AgentPod, observed runtime: RuntimePod, memory: PodMemory, at now: Timestamp
) -> PodSteps {
    PodPlanner(pod: pod, runtime: runtime, memory: memory, now: now).steps()
}

private struct PodPlanner {
    let pod: AgentPod
    let runtime: RuntimePod
    let memory: PodMemory
    let now: Timestamp
    var plan = PodSteps()

    private var spec: PodSpecView { pod.view.spec }

    init(pod: AgentPod, runtime: RuntimePod, memory: PodMemory, now: Timestamp) {
        self.pod = pod
        self.runtime = runtime
        self.memory = memory
        self.now = now
    }

    func steps() -> PodSteps {
        var planner = self
        if let failure = memory.setUpFailure, failure.retryAt > now {
            planner.plan.sandboxID = runtime.sandboxes.first?.id
            planner.plan.recheck(after: failure.retryAt - now)
            return planner.plan
        }
        guard let newest = runtime.sandboxes.first else {
            planner.planSandbox(0)
            return planner.plan
        }
        if let fault = runtime.sandboxFault(onHostNetwork: spec.hostNetwork) {
            planner.plan.sandboxFault = fault
            if let wait = doubt {
                planner.plan.isInDoubt = true
                planner.plan.recheck(after: wait)
            } else {
                planner.planSandbox(newest.attempt + 1)
            }
        } else {
            planner.plan.sandboxID = newest.id
            planner.planContainers()
        }
        return planner.plan
    }

    /// How long containers that run are still left alone in a sandbox that seems not to serve: a runtime that is just
    /// beginning or ending may tell less than it should, and a second look a little later costs nothing.
    private var doubt: Duration? {
        let isRunning = runtime.containers.contains { if case .running = $0.phase { true } else { false } }
        guard isRunning else { return nil }
        let left = (memory.sandboxFaultSince ?? now) + PodMemory.sandboxDoubt - now
        return left > .zero ? left : nil
    }

    // MARK: A new sandbox

    private mutating func planSandbox(_ attempt: Int) {
        let everRan = !runtime.containers.isEmpty
        if spec.restartPolicy == "Never", attempt > 0, everRan {
            // Its containers ended with the sandbox and must not run again.
            plan.stopsPod = true
            return
        }
        let wanted = spec.containers.filter { container in
            spec.restartPolicy != "OnFailure" || latest(container.name).flatMap(Self.exitCode) != 0
        }
        if wanted.isEmpty {
            plan.stopsPod = true
            return
        }
        plan.stopsPod = !runtime.sandboxes.isEmpty
        plan.newSandbox = attempt
        if let first = spec.initContainers.first {
            start(first, former: latest(first.name))
        } else {
            for container in wanted { start(container, former: latest(container.name)) }
        }
    }

    // MARK: A sandbox that serves

    private mutating func planContainers() {
        guard planInitContainers() else { return }
        var kept = 0
        for container in spec.containers {
            guard let state = latest(container.name) else {
                start(container, former: nil)
                continue
            }
            if case .running = state.phase {
                if let message = reasonToStop(container, state) {
                    stop(container, state, message)
                    if restartsAfterFailure { start(container, former: state) }
                } else {
                    kept += 1
                }
            } else if shouldRestart(state) {
                start(container, former: state)
            }
        }
        if kept == 0, !spec.containers.contains(where: { isToRun($0.name) }) { planEnd() }
    }

    /// Whether a container is started now or when a waiting time is over.
    private func isToRun(_ name: String) -> Bool {
        plan.starts.contains { $0.name == name } || plan.heldBack[name] != nil
            || memory.failures[name].map { $0.retryAt > now } ?? false
    }

    /// Of the containers none is kept or started: sidecars do not keep the pod alive.
    private mutating func planEnd() {
        plan.starts = []
        plan.heldBack = [:]
        plan.recheckAfter = nil
        let names = Set(spec.containers.map(\.name))
        plan.stops.removeAll { !names.contains($0.name) }
        plan.stopsPod = plan.stops.isEmpty
    }

    /// Plans for init containers; whether the others may run.
    private mutating func planInitContainers() -> Bool {
        guard let sandbox = plan.sandboxID else { return false }
        let inSandbox = runtime.containers.filter { $0.sandboxID == sandbox }
        let isInitialized = inSandbox.contains { state in spec.containers.contains { $0.name == state.name } }
        for container in spec.initContainers {
            let state = inSandbox.first { $0.name == container.name }
            if container.isRestartable {
                if !planSidecar(container, state), !isInitialized { return false }
            } else if !isInitialized, !planOneTimeInit(container, state) {
                return false
            }
        }
        return true
    }

    /// Plans for a sidecar; whether what follows it may run.
    private mutating func planSidecar(_ container: ContainerView, _ state: ContainerState?) -> Bool {
        guard let state, case .running = state.phase else {
            start(container, former: state ?? latest(container.name))
            return false
        }
        if let message = reasonToStop(container, state) {
            stop(container, state, message)
            start(container, former: state)
            return false
        }
        return health(of: state, container).started == true
    }

    /// Plans for an init container that runs once; whether it has succeeded.
    private mutating func planOneTimeInit(_ container: ContainerView, _ state: ContainerState?) -> Bool {
        guard let state else {
            start(container, former: latest(container.name))
            return false
        }
        switch state.phase {
        case .running: return false
        case .exited(code: 0, _, _, _, _): return true
        case .exited:
            if restartsAfterFailure { start(container, former: state) } else { plan.stopsPod = true }
            return false
        case .created, .unknown:
            start(container, former: state)
            return false
        }
    }

    // MARK: Single containers

    private func latest(_ name: String) -> ContainerState? { runtime.containers.first { $0.name == name } }
    private var restartsAfterFailure: Bool { spec.restartPolicy != "Never" }

    private static func exitCode(_ state: ContainerState) -> Int? {
        if case .exited(let code, _, _, _, _) = state.phase { code } else { nil }
    }

    private static func end(_ state: ContainerState) -> Timestamp? {
        if case .exited(_, _, _, _, let finishedAt) = state.phase { finishedAt } else { nil }
    }

    private func health(of state: ContainerState, _ container: ContainerView) -> ContainerHealth {
        memory.health[state.id]
            ?? ContainerHealth(
                started: container.startupProbe == nil ? true : nil, ready: container.readinessProbe == nil)
    }

    private func shouldRestart(_ state: ContainerState) -> Bool {
        switch state.phase {
        case .running: false
        case .created, .unknown: true
        case .exited(let code, _, _, _, _):
            switch spec.restartPolicy {
            case "Never": false
            case "OnFailure": code != 0
            default: true
            }
        }
    }

    private func reasonToStop(_ container: ContainerView, _ state: ContainerState) -> String? {
        if let hash = state.annotations[RuntimeKeys.containerHash], hash != ContainerHash.of(container) {
            return "Container \(container.name) definition changed, will be restarted"
        }
        let health = health(of: state, container)
        let ending = restartsAfterFailure || container.isRestartable ? ", will be restarted" : ""
        if health.livenessFailed { return "Container \(container.name) failed liveness probe\(ending)" }
        if health.started == false { return "Container \(container.name) failed startup probe\(ending)" }
        return nil
    }

    private mutating func stop(_ container: ContainerView, _ state: ContainerState, _ message: String) {
        let health = health(of: state, container)
        let probe = health.livenessFailed ? container.livenessProbe : container.startupProbe
        let isProbed = health.livenessFailed || health.started == false
        plan.stops.append(
            ContainerStop(
                id: state.id, name: container.name, message: message,
                grace: isProbed ? probe?.terminationGracePeriodSeconds.map { .bounded(seconds: $0) } : nil))
    }

    /// The runtime does not know whether it runs: without a stop there might be two.
    private mutating func stopUnknown(_ container: ContainerView, _ state: ContainerState) {
        plan.stops.append(
            ContainerStop(
                id: state.id, name: container.name,
                message: "Container is in \"unknown\" state, try killing it before restart"))
    }

    private mutating func start(_ container: ContainerView, former: ContainerState?) {
        if let former, former.phase == .unknown, plan.newSandbox == nil { stopUnknown(container, former) }
        if let failure = memory.failures[container.name], failure.retryAt > now {
            plan.recheck(after: failure.retryAt - now)
            return
        }
        // Not always the former one's: that may run still, and be stopped for a failed probe before this start.
        let formerEnd = runtime.containers.lazy.filter { $0.name == container.name }.compactMap(Self.end).first
        let key = ContainerHash.of(container)
        if let formerEnd, let wait = memory.restarts.remaining(key, failedAt: formerEnd, now: now) {
            plan.heldBack[container.name] =
                "back-off \(GoDuration.text(memory.restarts.delay(key))) restarting failed container=\(container.name)"
                + " pod=\(pod.key.name)_\(pod.key.namespace)(\(pod.uid))"
            plan.recheck(after: wait)
            return
        }
        var start = ContainerStart(
            name: container.name, attempt: nextAttempt(container.name), formerEnd: formerEnd)
        if let former, !hasRun(former) {
            start.attempt = former.attempt
            start.leftover = former.id
        }
        plan.starts.append(start)
    }

    /// Whether anybody saw an instance run. The runtime does not know those that it was making or starting when it ended.
    private func hasRun(_ state: ContainerState) -> Bool {
        switch state.phase {
        case .created: false
        case .unknown:
            status(state.name).map { $0.hasRun && $0.containerID == ContainerReporter.identifier(state) } ?? false
        case .running, .exited: true
        }
    }

    private func status(_ name: String) -> ContainerStatusView? {
        (pod.view.status.initContainerStatuses + pod.view.status.containerStatuses).first { $0.name == name }
    }

    /// Instances are counted on from what the runtime has, or from the API when the runtime lost its state. One that was
    /// only made is no restart: the agent ended before it ran.
    private func nextAttempt(_ name: String) -> Int {
        let known = runtime.containers.filter { $0.name == name }.map(\.attempt).max()
        let reported = status(name).map { $0.hasRun ? $0.restartCount + 1 : $0.restartCount }
        return max(known.map { $0 + 1 } ?? 0, reported ?? 0)
    }
}

/// Durations in Go's notation, as events and conditions carry them.
enum GoDuration {
    /// Whole seconds: `10s`, `1m20s`, `5m0s`.
    static func text(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        return seconds < 60 ? "\(seconds)s" : "\(seconds / 60)m\(seconds % 60)s"
    }

    /// Thousandths of a second: `1.234s`, `12ms`.
    static func precise(_ duration: Duration) -> String {
        let milliseconds = duration.nanoseconds / 1_000_000
        if milliseconds < 1000 { return "\(milliseconds)ms" }
        let rest = String(milliseconds % 1000)
        return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest + "s"
    }
}

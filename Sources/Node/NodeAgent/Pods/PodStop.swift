package import ControllerRuntime
internal import Kinds
package import NodeInterfaces
internal import ObjectModel

/// Stops a pod as kubelet does, with nothing but a runtime: preStop hooks, then the stop signal, within the grace;
/// sidecars after the others and in reverse order; the sandboxes last. The agent stops pods so, and `ordinal down`, for
/// which there is no API.
package struct PodStop: Sendable {
    /// Something that people should know of: reason, message and the container it is about (empty: the pod).
    package struct Note: Sendable, Hashable {
        /// Whether something went wrong.
        package var isWarning: Bool
        /// The reason, as events have it.
        package var reason: String
        /// For people.
        package var message: String
        /// The container's name.
        package var container: String
    }

    /// A container is left this long to end by itself, however short its grace is and however much of it a hook used
    /// (kubelet's `minimumGracePeriodInSeconds`).
    private static let shortestGrace = Duration.seconds(2)

    private let pod: AgentPod
    private let runtime: any ContainerRuntime
    private let prober: any NetworkProber
    private let clock: ControlClock
    private let note: @Sendable (Note) -> Void

    /// The stop of one pod. `prober` runs the hooks that are requests; `note` is told what happens.
    package init(
        _ pod: AgentPod, runtime: any ContainerRuntime, prober: any NetworkProber, clock: ControlClock = .system,
        note: @escaping @Sendable (Note) -> Void
    ) {
        self.pod = pod
        self.runtime = runtime
        self.prober = prober
        self.clock = clock
        self.note = note
    }

    /// Ends all containers together, sidecars after the others and in reverse order, then the sandboxes. With a `grace` of
    /// zero no hook runs; the stop signal is given still. Whether nothing runs any more.
    package func everything(_ observed: RuntimePod, grace: Duration) async -> Bool {
        let sidecars = pod.view.spec.initContainers.filter(\.isRestartable).map(\.name)
        let address = observed.sandboxes.first?.addresses.first
        let begun = clock.uptime()
        var isStopped = await withTaskGroup(of: Bool.self) { group in
            for state in observed.containers where !sidecars.contains(state.name) {
                group.addTask { await container(state, grace: grace, address: address) }
            }
            return await group.reduce(true) { $0 && $1 }
        }
        for name in sidecars.reversed() {
            let remaining = max(grace - (clock.uptime() - begun), Self.shortestGrace)
            for state in observed.containers where state.name == name {
                let isDone = await container(state, grace: grace == .zero ? .zero : remaining, address: address)
                isStopped = isStopped && isDone
            }
        }
        if Task.isCancelled { return false }
        do throws(RuntimeError) {
            // Also one whose pause process has ended: only its stop gives address, interface and host ports back.
            for sandbox in observed.sandboxes { try await runtime.stopSandbox(sandbox.id) }
            return isStopped
        } catch {
            if !Task.isCancelled { warn("FailedKillPod", "error killing pod: \(error.text)", "") }
            return false
        }
    }

    /// Runs the preStop hook and ends a container within `grace`. Whether it runs no more. `address` is the pod's; nil
    /// takes the one of its status.
    func container(
        _ state: ContainerState, grace: Duration, address: String? = nil, message: String? = nil
    ) async -> Bool {
        switch state.phase {
        case .running, .unknown: break
        case .created, .exited: return true
        }
        let name = state.name
        note(
            Note(isWarning: false, reason: "Killing", message: message ?? "Stopping container \(name)", container: name)
        )
        let begun = clock.uptime()
        var remaining = grace
        if grace > .zero, let container = pod.container(name), let hook = container.lifecycle?.object("preStop") {
            let hook = LifecycleHook(hook, container: container, podIP: address ?? pod.view.status.podIP)
            let failure = await run(hook, in: state.id, grace: grace)
            if let failure { warn("FailedPreStopHook", "PreStopHook failed: \(failure)", name) }
            remaining = grace - (clock.uptime() - begun)
        }
        do throws(RuntimeError) {
            try await runtime.stopContainer(state.id, grace: max(remaining, Self.shortestGrace))
            return true
        } catch {
            if !Task.isCancelled { warn("FailedKillPod", "error killing container: \(error.text)", name) }
            return false
        }
    }

    /// Why the hook failed; nil when it did not, or when the grace was over before it. It is given up then, whatever it
    /// waits for.
    private func run(_ hook: LifecycleHook, in id: String, grace: Duration) async -> String? {
        await withTaskGroup(of: String?.self) { group in
            group.addTask { await hook.run(in: id, runtime, prober, clock, limit: grace) }
            group.addTask {
                try? await clock.sleep(grace)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    private func warn(_ reason: String, _ message: String, _ container: String) {
        note(Note(isWarning: true, reason: reason, message: message, container: container))
    }
}

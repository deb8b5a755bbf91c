internal import APIProtocol
internal import ControllerRuntime
internal import Kinds
internal import NodeInterfaces
internal import ObjectModel

extension PodSync {
    /// A container is left this long to end by itself, however much of its grace a hook used.
    private static let shortestGrace = Duration.seconds(2)

    // MARK: Containers

    /// Runs the preStop hook and ends a container within `grace`. Whether it runs no more.
    func stopContainer(_ state: ContainerState, grace: Duration, message: String? = nil) async -> Bool {
        switch state.phase {
        case .running, .unknown: break
        case .created, .exited: return true
        }
        let name = state.name
        environment.note(pod, .normal, "Killing", message ?? "Stopping container \(name)", container: name)
        let begun = environment.clock.uptime()
        var remaining = grace
        if grace > .zero, let container = pod.container(name), let hook = container.lifecycle?.object("preStop") {
            let address = pod.view.status.podIP
            let failure = await LifecycleHook(hook, container: container, podIP: address)
                .run(in: state.id, environment, limit: grace)
            if let failure {
                environment.note(
                    pod, .warning, "FailedPreStopHook", "PreStopHook failed: \(failure)", container: name)
            }
            remaining = max(grace - (environment.clock.uptime() - begun), Self.shortestGrace)
        }
        do throws(RuntimeError) {
            try await runtime.stopContainer(state.id, grace: remaining)
            return true
        } catch {
            if Task.isCancelled { return false }
            environment.note(pod, .warning, "FailedKillPod", "error killing container: \(error.text)", container: name)
            return false
        }
    }

    /// Ends all containers together, sidecars after the others and in reverse order, then the sandboxes.
    /// Whether nothing runs any more.
    func stopEverything(_ observed: RuntimePod, grace: Duration) async -> Bool {
        let sidecars = pod.view.spec.initContainers.filter(\.isRestartable).map(\.name)
        let begun = environment.clock.uptime()
        var isStopped = await withTaskGroup(of: Bool.self) { group in
            for state in observed.containers where !sidecars.contains(state.name) {
                group.addTask { await stopContainer(state, grace: grace) }
            }
            return await group.reduce(true) { $0 && $1 }
        }
        for name in sidecars.reversed() {
            let remaining = max(grace - (environment.clock.uptime() - begun), Self.shortestGrace)
            for state in observed.containers where state.name == name {
                let isDone = await stopContainer(state, grace: grace == .zero ? .zero : remaining)
                isStopped = isStopped && isDone
            }
        }
        if Task.isCancelled { return false }
        do throws(RuntimeError) {
            // Also one whose pause process has ended: only its stop gives address, interface and host ports back.
            for sandbox in observed.sandboxes { try await runtime.stopSandbox(sandbox.id) }
            return isStopped
        } catch {
            if Task.isCancelled { return false }
            environment.note(pod, .warning, "FailedKillPod", "error killing pod: \(error.text)")
            return false
        }
    }

    // MARK: A pod that is over

    /// Stops what is left of a pod that has ended by itself. Its containers stay for their logs.
    mutating func end(_ observed: RuntimePod) async -> Outcome {
        probes.keep([])
        let isRunning =
            observed.sandboxes.contains(where: \.isReady)
            || observed.containers.contains { if case .running = $0.phase { true } else { false } }
        var final = observed
        if isRunning || !isStopped {
            let grace = pod.gracePeriod
            let outcome = await orders.unlessEnding { [self] in await stopEverything(observed, grace: grace) }
            guard let outcome else { return .wait(.zero) }
            isStopped = outcome
            guard isStopped else { return .wait(.seconds(1)) }
            final = await state(orElse: observed)
        }
        publish(final, life: .over)
        await tearDownVolumes()
        return .wait(nil)
    }

    /// Takes a pod that is being deleted, or that the API has forgotten, off the node: stop, tear down, tell its final
    /// status, then let the API remove it.
    mutating func finish(_ observed: RuntimePod) async -> Outcome {
        memory.health = probes.health
        probes.keep([])
        switch await stopUnlessShortened(observed) {
        case .stopped: break
        case .failed: return .wait(.seconds(1))
        case .shortened: return .wait(.zero)
        }
        let final = await state(orElse: observed)
        guard await tearDownVolumes() else { return .wait(.seconds(1)) }
        if !isGone {
            publish(final, life: .over)
            await publisher.flush()
            if Task.isCancelled { return .wait(nil) }
            guard await deleteFromAPI() else { return .wait(.seconds(1)) }
        }
        return await removeRemains(final) ? .finished : .wait(.seconds(1))
    }

    private enum Stop: Sendable { case stopped, failed, shortened }

    /// Stops everything within the pod's grace; gives up for a new try when that becomes shorter meanwhile.
    private func stopUnlessShortened(_ observed: RuntimePod) async -> Stop {
        let grace = orders.grace()
        return await withTaskGroup(of: Stop?.self) { group in
            group.addTask { await stopEverything(observed, grace: grace) ? .stopped : .failed }
            group.addTask {
                while orders.grace() >= grace, !Task.isCancelled { await orders.news.wait() }
                return Task.isCancelled ? nil : .shortened
            }
            var outcome = await group.next() ?? nil
            group.cancelAll()
            // When it was shortened in the moment it ended, it has ended.
            while let other = await group.next() { if other == .stopped { outcome = .stopped } }
            return outcome ?? .failed
        }
    }

    /// Ends the pod's grace. Whether the API has no such pod (or only waits for finalizers) afterwards.
    private func deleteFromAPI() async -> Bool {
        do throws(APIError) {
            try await environment.client.delete(
                .pods, namespace: pod.key.namespace, name: pod.key.name,
                options: DeleteOptions(gracePeriodSeconds: 0, uid: pod.uid))
            return true
        } catch {
            return error.isNotFound || error.isConflict
        }
    }

    private func removeRemains(_ observed: RuntimePod) async -> Bool {
        do {
            for sandbox in observed.sandboxes {
                try await runtime.stopSandbox(sandbox.id)
                try await runtime.removeSandbox(sandbox.id)
            }
            guard !environment.configuration.isSimulated else { return true }
            for state in observed.containers { removeLink(state) }
            try HostFiles.removeTree(paths.logs)
            try HostFiles.removeTree(paths.root)
            return true
        } catch {
            return false
        }
    }

    // MARK: Volumes

    /// Gives the volumes back, also those that an earlier process set up. Whether all are.
    @discardableResult
    mutating func tearDownVolumes() async -> Bool {
        guard !environment.configuration.isSimulated else { return true }
        var isDone = true
        for name in HostFiles.names(in: paths.volumes) {
            // What is below the pod's directory is the pod's own: tearing it down as an emptyDir undoes its mount.
            let request =
                volumes.requests[name]
                ?? VolumeRequest(
                    pod: pod.identity, name: name, source: ["emptyDir": [:]], targetPath: paths.volume(name))
            guard let plugin = environment.plugins.first(where: { $0.serves(request.source) }) else { continue }
            do throws(VolumeError) {
                try await plugin.tearDown(request)
                volumes.requests[name] = nil
                volumes.hostPaths[name] = nil
            } catch {
                environment.note(
                    pod, .warning, "FailedUnMount", "UnmountVolume.TearDown failed for volume \"\(name)\" : \(error)")
                isDone = false
            }
        }
        return isDone
    }

    // MARK: Former instances

    /// Keeps of each container the newest instance and the one before; removes older ones and sandboxes of nothing.
    func collectGarbage(_ observed: RuntimePod) async {
        var seen: [String: Int] = [:]
        var keptSandboxes = Set(observed.sandboxes.prefix(1).map(\.id))
        for state in observed.containers {
            seen[state.name, default: 0] += 1
            if seen[state.name, default: 0] <= 2 {
                keptSandboxes.insert(state.sandboxID)
            } else if case .exited = state.phase {
                do throws(RuntimeError) {
                    try await runtime.removeContainer(state.id)
                    removeLink(state)
                    try? HostFiles.removeTree(paths.log(state.name, attempt: state.attempt))
                } catch {
                    continue
                }
            }
        }
        for sandbox in observed.sandboxes where !keptSandboxes.contains(sandbox.id) {
            do throws(RuntimeError) {
                try await runtime.stopSandbox(sandbox.id)
                try await runtime.removeSandbox(sandbox.id)
            } catch {
                continue
            }
        }
    }

    private func removeLink(_ state: ContainerState) {
        guard !environment.configuration.isSimulated else { return }
        try? HostFiles.removeTree(paths.logLink(state.name, id: state.id))
    }
}

internal import APIProtocol
internal import ControllerRuntime
internal import Kinds
internal import NodeInterfaces
internal import ObjectModel

extension PodSync {
    private var stop: PodStop {
        PodStop(pod, runtime: runtime, prober: environment.prober, clock: environment.clock) {
            [environment, pod] note in
            environment.note(
                pod, note.isWarning ? .warning : .normal, note.reason, note.message, container: note.container)
        }
    }

    /// Runs the preStop hook and ends a container within `grace`. Whether it runs no more.
    func stopContainer(_ state: ContainerState, grace: Duration, message: String? = nil) async -> Bool {
        await stop.container(state, grace: grace, message: message)
    }

    /// Stops everything of the pod within `grace`. Whether nothing runs any more.
    func stopEverything(_ observed: RuntimePod, grace: Duration) async -> Bool {
        await stop.everything(observed, grace: grace)
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
    /// status, then let the API remove it. Readiness is asked for until it has stopped.
    mutating func finish(_ observed: RuntimePod) async -> Outcome {
        memory.health = probes.health
        probes.keepReadiness()
        switch await stopUnlessShortened(observed) {
        case .stopped: probes.keep([])
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
    private mutating func stopUnlessShortened(_ observed: RuntimePod) async -> Stop {
        let grace = orders.grace()
        return await withTaskGroup(of: (stop: Stop?, memory: PodMemory?).self) { group in
            group.addTask { [self] in (await stopEverything(observed, grace: grace) ? .stopped : .failed, nil) }
            group.addTask { [orders] in
                while orders.grace() >= grace, !Task.isCancelled { await orders.news.wait() }
                return (Task.isCancelled ? nil : .shortened, nil)
            }
            group.addTask { [self] in (nil, await publishReadiness(observed)) }
            var outcome: Stop?
            while let (stop, memory) = await group.next() {
                // When it was shortened in the moment it ended, it has ended.
                if outcome == nil || stop == .stopped { outcome = stop ?? outcome }
                if let memory { self.memory = memory }
                group.cancelAll()
            }
            return outcome ?? .failed
        }
    }

    /// Publishes what readiness probes find out while the pod is being stopped, until cancelled; returns what is
    /// remembered then.
    private func publishReadiness(_ observed: RuntimePod) async -> PodMemory {
        var sync = self
        while true {
            await orders.probed.wait()
            if Task.isCancelled { return sync.memory }
            if isGone { continue }
            let current = await state(orElse: observed)
            if Task.isCancelled { return sync.memory }
            sync.memory.health = probes.health
            sync.publish(current, life: .stopping)
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
            return error.isConflict ? await isAnotherInAPI() : error.isNotFound
        }
    }

    /// Whether the name is free or another pod's: a conflict alone does not say so, writes of others cause it too.
    private func isAnotherInAPI() async -> Bool {
        do throws(APIError) {
            return try await environment.client.get(.pods, namespace: pod.key.namespace, name: pod.key.name).uid
                != pod.uid
        } catch {
            return error.isNotFound
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
                    removeLogs(of: state)
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

    /// Removes an instance's log and the older files of it.
    private func removeLogs(of state: ContainerState) {
        let path = paths.log(state.name, attempt: state.attempt)
        let directory = HostFiles.directory(of: path)
        let name = path.dropFirst(directory.count + 1)
        for file in HostFiles.names(in: directory) where file == name || file.hasPrefix("\(name).") {
            try? HostFiles.removeFile("\(directory)/\(file)")
        }
    }

    private func removeLink(_ state: ContainerState) {
        guard !environment.configuration.isSimulated else { return }
        try? HostFiles.removeTree(paths.logLink(state.name, id: state.id))
    }
}

package import NodeInterfaces
internal import ObjectModel
internal import SwiftProtobuf

extension ContainerdRuntime {
    /// Every pod; two calls to containerd when nothing has changed.
    package func pods() async throws(RuntimeError) -> [String: RuntimePod] {
        let known = seen.ids
        let (sandboxes, containers) = try await lists(uid: nil)
        let pods = try await assembled(sandboxes, containers)
        seen.keep(Set(sandboxes.map(\.id)).union(containers.map(\.id)), of: known)
        return pods
    }

    /// One pod; two calls to containerd when nothing has changed.
    package func pod(uid: String) async throws(RuntimeError) -> RuntimePod {
        let (sandboxes, containers) = try await lists(uid: uid)
        return try await assembled(sandboxes, containers)[uid] ?? RuntimePod()
    }

    /// One sandbox; one call to containerd.
    package func sandbox(_ id: String) async throws(RuntimeError) -> SandboxStatus? {
        do {
            let answer = try await connection.call("PodSandboxStatus") { connection in
                try await connection.runtime.podSandboxStatus(
                    .with { $0.podSandboxID = id }, options: ContainerdConnection.options(.readCall))
            }
            let status = answer.status.sandboxStatus
            seen.note(id, .init(podUID: status.pod.uid, isSandbox: true))
            // One without an address is looked at again: it has one, or is on the host's network.
            if !status.addresses.isEmpty || !status.isReady { seen.note(status) }
            return status
        } catch {
            if case .notFound = error { return nil }
            throw error
        }
    }

    /// One container; one call to containerd.
    package func container(
        _ id: String, in sandbox: SandboxStatus
    ) async throws(RuntimeError) -> NodeInterfaces.ContainerState? {
        try await container(id, sandbox: sandbox.id, podUID: sandbox.pod.uid)
    }

    private func container(
        _ id: String, sandbox: String, podUID: String
    ) async throws(RuntimeError) -> NodeInterfaces.ContainerState? {
        do {
            let answer = try await connection.call("ContainerStatus") { connection in
                try await connection.runtime.containerStatus(
                    .with { $0.containerID = id }, options: ContainerdConnection.options(.readCall))
            }
            let state = answer.status.containerState(sandbox: sandbox, podUID: podUID)
            seen.note(id, .init(podUID: podUID, isSandbox: false))
            seen.note(state)
            return state
        } catch {
            if case .notFound = error { return nil }
            throw error
        }
    }

    private func lists(
        uid: String?
    ) async throws(RuntimeError) -> ([Runtime_V1_PodSandbox], [Runtime_V1_Container]) {
        var selector = [PodLabel.instance: PodLabel.instanceName(cgroupParent: cgroupParent)]
        if let uid { selector[PodLabel.uid] = uid }
        let labels = selector
        let options = ContainerdConnection.options(.readCall)
        let sandboxes = try await connection.call("ListPodSandbox") { connection in
            try await connection.runtime.listPodSandbox(
                .with { $0.filter.labelSelector = labels }, options: options)
        }
        let containers = try await connection.call("ListContainers") { connection in
            try await connection.runtime.listContainers(
                .with { $0.filter.labelSelector = labels }, options: options)
        }
        return (sandboxes.items, containers.containers)
    }

    private func assembled(
        _ sandboxes: [Runtime_V1_PodSandbox], _ containers: [Runtime_V1_Container]
    ) async throws(RuntimeError) -> [String: RuntimePod] {
        var pods: [String: RuntimePod] = [:]
        for sandbox in sandboxes {
            guard let status = try await status(of: sandbox) else { continue }
            pods[status.pod.uid, default: RuntimePod()].sandboxes.append(status)
        }
        for container in containers {
            guard let state = try await status(of: container) else { continue }
            pods[state.podUID, default: RuntimePod()].containers.append(state)
        }
        return pods.mapValues(\.newestFirst)
    }

    /// Nil when it went in the meantime.
    private func status(of item: Runtime_V1_PodSandbox) async throws(RuntimeError) -> SandboxStatus? {
        let isReady = item.state == .sandboxReady
        seen.note(item.id, .init(podUID: item.metadata.uid, isSandbox: true))
        if let known = seen.sandbox(item.id, isReady: isReady) { return known }
        return try await sandbox(item.id)
    }

    private func status(of item: Runtime_V1_Container) async throws(RuntimeError) -> NodeInterfaces.ContainerState? {
        let uid = item.labels[PodLabel.uid] ?? ""
        seen.note(item.id, .init(podUID: uid, isSandbox: false))
        if let known = seen.container(item.id, in: item.state) { return known }
        return try await container(item.id, sandbox: item.podSandboxID, podUID: uid)
    }
}

internal import Logging
package import NodeInterfaces
internal import Processes
internal import SwiftProtobuf

extension ContainerdRuntime {
    /// Makes the pod's cgroup with its limits, then the sandbox.
    package func runSandbox(_ config: SandboxConfig) async throws(RuntimeError) -> String {
        let path = config.cgroupPath(below: cgroupParent)
        do {
            try Files.makeFolders(config.logDirectory)
            if !path.isEmpty { try cgroups.apply(config.limits, path: path) }
        } catch { throw .failed("RunPodSandbox: \(error)") }
        let run = runs.begin()
        var made: String?
        defer { if runs.end(run, made: made) { feed.tellOfUnknownStart() } }
        do {
            let answer = try await connection.call("RunPodSandbox") { connection in
                try await connection.runtime.runPodSandbox(
                    .with { $0.config = config.request(cgroupParent: cgroupParent) },
                    options: ContainerdConnection.options(.sandboxCall))
            }
            seen.note(answer.podSandboxID, .init(podUID: config.pod.uid, isSandbox: true))
            made = answer.podSandboxID
            return answer.podSandboxID
        } catch {
            // A cgroup that another sandbox of the pod uses stays: it has processes.
            if !path.isEmpty { cgroups.remove(path) }
            throw error
        }
    }

    /// How often the stop of a half-made sandbox is tried again, a little later each time.
    private static let stopsOfHalfMade = 10

    /// Stops a sandbox and everything in it; one that is gone is no error. containerd cannot stop one that it was making
    /// when it ended: then its shim is killed first.
    package func stopSandbox(_ id: String) async throws(RuntimeError) {
        do throws(RuntimeError) {
            return try await stop(id)
        } catch {
            guard case .failed = error, await isHalfMade(id) else { throw error }
            logger.notice(
                "a sandbox that was half made is taken apart",
                metadata: ["sandbox": "\(id)", "reason": "\(error.text)"])
        }
        let shims = Shims(socket: socket)
        await BlockingThread.run { shims.end(sandbox: id) }
        for attempt in 1..<Self.stopsOfHalfMade {
            // containerd learns of the end of a shim some milliseconds later.
            try? await Task.sleep(for: .milliseconds(20 * attempt))
            do throws(RuntimeError) { return try await stop(id) } catch { continue }
        }
        try await stop(id)
    }

    private func isHalfMade(_ id: String) async -> Bool {
        let answer = try? await connection.call("PodSandboxStatus") { connection in
            try await connection.runtime.podSandboxStatus(
                .with { $0.podSandboxID = id }, options: ContainerdConnection.options(.readCall))
        }
        return answer.map { $0.status.state != .sandboxReady } ?? false
    }

    private func stop(_ id: String) async throws(RuntimeError) {
        try await ignoringAbsence { () async throws(RuntimeError) in
            _ = try await connection.call("StopPodSandbox") { connection in
                try await connection.runtime.stopPodSandbox(
                    .with { $0.podSandboxID = id }, options: ContainerdConnection.options(.sandboxCall))
            }
        }
    }

    /// Removes a sandbox and the pod's cgroup; one that is gone is no error.
    package func removeSandbox(_ id: String) async throws(RuntimeError) {
        try await ignoringAbsence { () async throws(RuntimeError) in
            let status = try await connection.call("PodSandboxStatus") { connection in
                try await connection.runtime.podSandboxStatus(
                    .with { $0.podSandboxID = id }, options: ContainerdConnection.options(.readCall))
            }
            _ = try await connection.call("RemovePodSandbox") { connection in
                try await connection.runtime.removePodSandbox(
                    .with { $0.podSandboxID = id }, options: ContainerdConnection.options(.usualCall))
            }
            // containerd makes the pod's cgroup in every hierarchy and never removes it.
            if let path = status.status.annotations[PodLabel.cgroup], path.hasPrefix(cgroupParent + "/") {
                cgroups.remove(path)
            }
        }
        seen.forget(id)
    }

    /// Makes a container; `notFound` when the image is absent.
    package func createContainer(
        _ config: ContainerConfig, sandbox id: String, sandboxConfig: SandboxConfig
    ) async throws(RuntimeError) -> String {
        let answer = try await connection.call("CreateContainer") { connection in
            try await connection.runtime.createContainer(
                .with { request in
                    request.podSandboxID = id
                    request.config = config.request(in: sandboxConfig, cgroupParent: cgroupParent)
                    request.config.image.image = ImageName.normalized(config.image)
                    request.sandboxConfig = sandboxConfig.request(cgroupParent: cgroupParent)
                }, options: ContainerdConnection.options(.usualCall))
        }
        seen.note(answer.containerID, .init(podUID: config.pod.uid, isSandbox: false))
        return answer.containerID
    }

    /// Starts a container.
    package func startContainer(_ id: String) async throws(RuntimeError) {
        seen.noteStart(id)
        _ = try await connection.call("StartContainer") { connection in
            try await connection.runtime.startContainer(
                .with { $0.containerID = id }, options: ContainerdConnection.options(.usualCall))
        }
    }

    /// Asks a container to end and kills it after `grace`, rounded up to whole seconds.
    package func stopContainer(_ id: String, grace: Duration) async throws(RuntimeError) {
        let seconds = grace.components.seconds + (grace.components.attoseconds > 0 ? 1 : 0)
        try await ignoringAbsence { () async throws(RuntimeError) in
            _ = try await connection.call("StopContainer") { connection in
                try await connection.runtime.stopContainer(
                    .with {
                        $0.containerID = id
                        $0.timeout = max(0, seconds)
                    }, options: ContainerdConnection.options(grace + .usualCall))
            }
        }
    }

    /// Removes a container; one that is gone is no error.
    package func removeContainer(_ id: String) async throws(RuntimeError) {
        try await ignoringAbsence { () async throws(RuntimeError) in
            _ = try await connection.call("RemoveContainer") { connection in
                try await connection.runtime.removeContainer(
                    .with { $0.containerID = id }, options: ContainerdConnection.options(.usualCall))
            }
        }
        seen.forget(id)
    }

    /// Lets a container's log begin a new file.
    package func reopenLog(_ id: String) async throws(RuntimeError) {
        _ = try await connection.call("ReopenContainerLog") { connection in
            try await connection.runtime.reopenContainerLog(
                .with { $0.containerID = id }, options: ContainerdConnection.options(.usualCall))
        }
    }

    /// What is not there needs not be stopped or removed.
    private func ignoringAbsence(
        _ body: () async throws(RuntimeError) -> Void
    ) async throws(RuntimeError) {
        do { try await body() } catch {
            if case .notFound = error { return }
            throw error
        }
    }
}

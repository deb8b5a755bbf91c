internal import ControllerRuntime
internal import Logging
internal import NodeInterfaces

/// Rotates the logs of containers that run, one after the other, until the task is cancelled.
struct LogRotator: Sendable {
    let rotation: LogRotation
    let clock: ControlClock
    let log: Logger
    /// The containers whose logs are looked at.
    let containers: @Sendable () async -> [ContainerState]
    /// Lets a container's log begin a new file.
    let reopen: @Sendable (String) async throws -> Void

    func run() async {
        while !Task.isCancelled {
            try? await clock.sleep(rotation.interval)
            if Task.isCancelled { return }
            await rotateAll()
        }
    }

    /// Looks at every log once. A failure is told in the log and tried again the next time.
    func rotateAll() async {
        for container in await containers() {
            guard case .running = container.phase, !container.logPath.isEmpty, !Task.isCancelled else { continue }
            do {
                try await rotate(container)
            } catch {
                log.warning(
                    "a log is not rotated", metadata: ["log": "\(container.logPath)", "reason": "\(error)"])
            }
        }
    }

    private func rotate(_ container: ContainerState) async throws {
        let path = container.logPath
        guard let size = HostFiles.size(path) else {
            // A rotation was cut short between renaming and reopening, or somebody removed the log.
            return try await reopen(container.id)
        }
        guard size >= rotation.maxBytes else { return }
        let directory = HostFiles.directory(of: path)
        let name = String(path.dropFirst(directory.count + 1))
        let plan = rotation.plan(name, among: HostFiles.names(in: directory))
        for old in plan.removals { try HostFiles.removeFile("\(directory)/\(old)") }
        for old in plan.compressions {
            let file = "\(directory)/\(old)"
            try HostFiles.compress(file, to: file + ".tmp")
            try HostFiles.rename(file + ".tmp", to: file + ".gz")
            try HostFiles.removeFile(file)
        }
        let rotated = "\(directory)/\(LogRotation.rotatedName(name, at: clock.now()))"
        guard HostFiles.kind(rotated) == nil else { return }
        try HostFiles.rename(path, to: rotated)
        do {
            try await reopen(container.id)
        } catch {
            // The container writes on to the renamed file: under its old name it is tried again.
            if HostFiles.kind(path) == nil { try HostFiles.rename(rotated, to: path) }
            throw error
        }
    }
}

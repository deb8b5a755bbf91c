package import Logging
package import NodeInterfaces
internal import Processes

/// Containers through containerd's CRI plugin and, for events and `exec`, through containerd's own services.
///
/// `run` must be running for anything else to work.
package final class ContainerdRuntime: ContainerRuntime {
    private static let ctr = SystemProgram(name: "ctr", debianPackage: "containerd")

    let connection: ContainerdConnection
    let cgroupParent: String
    let execDirectory: String
    let cgroups: CgroupFolders
    let seen = SeenObjects()
    let runs = SandboxRuns()
    let logger: Logger
    let socket: String
    let feed: EventFeed

    /// A runtime at the containerd that listens on `socket`. Pods' cgroups are made below `cgroupParent` (`/ordinal-…`),
    /// the pipes of running `exec`s in `execDirectory`, which only this process uses.
    package init(
        socket: String, cgroupParent: String, execDirectory: String, logger: Logger
    ) throws(ContainerdError) {
        let longest = ContainerdLayout.socketPathLimit
        guard socket.utf8.count <= longest else { throw .socketPathTooLong(socket, limit: longest) }
        self.socket = socket
        self.cgroupParent = cgroupParent
        self.execDirectory = execDirectory
        self.logger = logger
        cgroups = .current()
        do { connection = try ContainerdConnection(socket: socket) } catch { throw .notReady("\(error)") }
        feed = EventFeed(connection: connection, seen: seen, runs: runs, logger: logger)
        try Files.makeFolders(execDirectory)
        ExecPipes.removeAll(in: execDirectory)
    }

    /// Keeps the connection and the event stream until the task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [connection, logger] in
                do { try await connection.serve() } catch {
                    logger.debug("connection to containerd ended", metadata: ["reason": "\(error)"])
                }
            }
            group.addTask { [feed] in await feed.run() }
            await group.waitForAll()
        }
    }

    /// Returns when containerd answers; at most after `timeout`.
    package func waitUntilReady(timeout: Duration = .seconds(30)) async throws(RuntimeError) {
        let deadline = ContinuousClock.now + timeout
        var pause = Duration.milliseconds(5)
        while true {
            do {
                _ = try await version(timeout: max(deadline - .now, .milliseconds(1)))
                return
            } catch {
                // Between its socket and its readiness containerd refuses calls for up to some seconds.
                guard case .unavailable = error, !Task.isCancelled, ContinuousClock.now < deadline else { throw error }
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .milliseconds(100))
            }
        }
    }

    /// Imports the images of an OCI or Docker archive for this machine; returns their names.
    @discardableResult
    package func importImage(archive path: String) async throws(RuntimeError) -> [String] {
        try await Self.importImage(archive: path, socket: socket)
    }

    /// Imports the images of an archive into the containerd at `socket`; returns their names.
    package static func importImage(archive path: String, socket: String) async throws(RuntimeError) -> [String] {
        let machine = PauseProgram.Machine.current.rawValue
        let arguments = [
            "-a", socket, "-n", ContainerdConnection.namespace, "images", "import", "--platform", "linux/\(machine)",
            path,
        ]
        let output: String
        do { output = try await ctr.run(arguments, timeout: .seconds(600)) } catch {
            throw .failed("importing \(path): \(error)")
        }
        return output.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            return words.first == "unpacking" && words.count > 1 ? String(words[1]) : nil
        }
    }

    /// Makes sure of the sandbox image of a private containerd: writes its archive to `archive` and imports it.
    package func importPauseImage(archive: String) async throws(RuntimeError) {
        if try await image(PauseImage.reference) != nil { return }
        do { try Files.write(PauseImage.archive(for: .current), to: archive) } catch { throw .failed("\(error)") }
        try await importImage(archive: archive)
        // CRI learns of it through containerd's own events, some milliseconds later.
        for attempt in 1...20 {
            if try await image(PauseImage.reference) != nil { return }
            try? await Task.sleep(for: .milliseconds(5 * attempt))
        }
        throw .failed("the sandbox image was imported and is not there")
    }

    /// Name and version of the runtime behind CRI.
    package func version() async throws(RuntimeError) -> String { try await version(timeout: .readCall) }

    private func version(timeout: Duration) async throws(RuntimeError) -> String {
        let answer = try await connection.call("Version") { connection in
            try await connection.runtime.version(.init(), options: ContainerdConnection.options(timeout))
        }
        let number = answer.runtimeVersion.split(separator: "~").first ?? ""
        return "\(answer.runtimeName)://\(number)"
    }

    /// Exits, out-of-memory events and starts that others asked for; one without uid first when the subscription begins only later.
    package func events() async throws(RuntimeError) -> AsyncStream<RuntimeEvent> { feed.listen() }
}

internal import CRIRuntime
internal import FoundationEssentials
internal import Glibc
internal import Kinds
internal import Logging
internal import NodeAgent
internal import NodeInterfaces
internal import ObjectModel
internal import ObjectStorage
internal import PodNetworking
internal import Probing
internal import SQLiteStorage

/// `ordinal down`: stops the pods in order and removes what the node made on this machine.
///
/// The API is stopped first; the objects stay as they are, so the next `ordinal up` starts the same pods again. It works just
/// the same after a crash, and twice.
package struct ClusterShutdown: Sendable {
    private let directory: DataDirectory
    private let purge: Bool
    private let logger: Logger
    private static let patience = Duration.seconds(30)

    /// The end of the cluster on a data directory; with `purge` of its data too.
    package init(dataDirectory: String, purge: Bool) {
        directory = DataDirectory(dataDirectory)
        self.purge = purge
        var logger = Logger(label: "ordinal", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .warning
        self.logger = logger
    }

    /// Does it, telling each step to `say`. No `up` gets the directory before it is done.
    package func run(_ say: (String) -> Void) async throws {
        let lock = try await end(try instance(), say)
        defer { withExtendedLifetime(lock) {} }
        // Another command may have been faster than the lock: what it wrote down counts.
        var instance = try instance()
        var reasons: [String] = []
        if instance.runtime == ClusterConfiguration.RuntimeChoice.containerd.rawValue {
            guard geteuid() == 0 else { throw StartupError.needsRoot }
            reasons = try await stopNode(instance, say)
        }
        instance.isDown = true
        try instance.write(to: directory)
        if purge {
            await removeLogs()
            try directory.purge()
            say("deleted \(directory.path)")
        }
        guard reasons.isEmpty else {
            throw StartupError.failed(
                "Nothing is left, but not every pod was stopped in its turn and with its grace: "
                    + reasons.joined(separator: "; "))
        }
    }

    private func instance() throws -> Instance {
        if let instance = Instance.read(directory) { return instance }
        throw directory.denial ?? StartupError.failed("No cluster was started on \(directory.path).")
    }

    /// Ends the process that runs on the directory, if one does, and takes its place there.
    private func end(_ instance: Instance, _ say: (String) -> Void) async throws -> DataDirectoryLock {
        if let lock = try directory.lockIfFree() { return lock }
        guard instance.isOrdinal else {
            throw StartupError.failed("\(directory.path) is in use, but not by process \(instance.pid). Try again.")
        }
        kill(instance.pid, SIGTERM)
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            if let lock = try directory.lockIfFree() {
                say("stopped the API and the controllers (process \(instance.pid))")
                return lock
            }
            guard Instance.read(directory)?.pid == instance.pid else {
                throw StartupError.failed("Another process has started on \(directory.path). Run this again.")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw StartupError.failed("Process \(instance.pid) does not end. Stop it, then run this again.")
    }

    /// Stops the pods and removes what the node made. Returns why pods may not have been stopped in order although nothing
    /// of them is left; throws when something is, or may be.
    ///
    /// What a private containerd cannot stop is killed, so that a containerd which does not start is no reason to stay. The
    /// pods of one that others use too are only its own to stop.
    private func stopNode(_ instance: Instance, _ say: (String) -> Void) async throws -> [String] {
        let names = InstanceNames(dataDirID: try directory.instanceID())
        let layout: ContainerdLayout
        do { layout = try ContainerdLayout(base: directory.containerd) } catch { throw Self.failure([error]) }
        let isPrivate = instance.socket == layout.socket
        let network = NodeNetwork(ContainerdNode.settings(instance.podRange, instance.serviceRange, names, layout))
        var reasons: [any Error] = []
        var stored: [AgentPod] = []
        do { stored = try await storedPods() } catch {
            // Where the store is deleted anyway, what the runtime tells of the pods must do.
            guard purge else { throw error }
            reasons.append(error)
        }
        do {
            let count = try await stopPods(stored, instance, names, layout, network.settings, isPrivate)
            say("stopped \(count) pods")
        } catch {
            guard isPrivate else { throw Self.failure([error]) }
            reasons.append(error)
        }
        let leftovers = KernelLeftovers(
            layout: layout, mountsBelow: directory.node, cgroupParent: names.cgroupParent)
        let left = isPrivate ? await leftovers.remove() : await leftovers.unmount()
        do { try await network.tearDown() } catch { throw Self.failure(reasons + [error], left: left) }
        guard left.isEmpty else { throw Self.failure(reasons, left: left) }
        say("removed networking, mounts and cgroups")
        return reasons.map(Self.text)
    }

    private static func failure(_ reasons: [any Error], left: [String] = []) -> StartupError {
        let remains = left.isEmpty ? [] : ["These could not be removed: \(left.joined(separator: ", "))"]
        return .failed((reasons.map(text) + remains).joined(separator: "; "))
    }

    private static func text(_ error: any Error) -> String {
        switch error {
        case let error as RuntimeError: "containerd: \(error)"
        case let error as NodeShutdown.Failure: "Not everything could be stopped: \(error)"
        default: "\(error)"
        }
    }

    private func stopPods(
        _ stored: [AgentPod], _ instance: Instance, _ names: InstanceNames, _ layout: ContainerdLayout,
        _ settings: PodNetworkSettings, _ isPrivate: Bool
    ) async throws -> Int {
        let process =
            isPrivate
            ? try ContainerdProcess(layout: layout, pluginDirectory: settings.pluginDirectory, logger: logger) : nil
        let runtime = try ContainerdRuntime(
            socket: instance.socket, cgroupParent: names.cgroupParent, execDirectory: layout.exec, logger: logger)
        return try await withContainerd(process, runtime) { try await stop(stored, on: runtime) }
    }

    /// Runs containerd while `body` works, then stops it.
    private func withContainerd<Result: Sendable>(
        _ process: ContainerdProcess?, _ runtime: ContainerdRuntime,
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            if let process {
                group.addTask {
                    await process.run()
                    return nil
                }
            }
            group.addTask {
                await runtime.run()
                return nil
            }
            group.addTask {
                try await runtime.waitUntilReady()
                return try await body()
            }
            while let result = try await group.next() {
                guard let result else { continue }
                group.cancelAll()
                return result
            }
            throw StartupError.failed("containerd ended before the pods were stopped")
        }
    }

    private func stop(_ stored: [AgentPod], on runtime: ContainerdRuntime) async throws -> Int {
        let prober = SocketProber()
        let shutdown = NodeShutdown(runtime: runtime, prober: prober)
        do {
            let count = try await shutdown.twice(stored: stored)
            await prober.shutdown()
            return count
        } catch {
            await prober.shutdown()
            throw error
        }
    }

    /// Removes the logs of the pods that ran here, and the links to them. A store in memory knows none of them any more;
    /// their directories do.
    private func removeLogs() async {
        let stored = ((try? await storedPods()) ?? []).map(\.uid)
        let settled = HostFiles.names(in: "\(directory.node)/pods")
        LogLayout.ofTheMachine.removeLogs(ofPods: Set(stored + settled))
    }

    private func storedPods() async throws -> [AgentPod] {
        guard FileManager.default.fileExists(atPath: directory.store) else { return [] }
        let open = try await OpenStore.open(.sqlite, directory)
        do {
            let page = try await open.store.objects(
                in: KeyRange(APIResource.pods.groupResource), at: .latest, after: nil, limit: nil)
            await open.close()
            return page.objects.map { AgentPod($0.value) }
        } catch {
            await open.close()
            throw StartupError.failed("the pods cannot be read from \(directory.store): \(error)")
        }
    }
}

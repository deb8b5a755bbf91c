internal import ArgumentParser
internal import CRIRuntime
internal import FoundationEssentials
internal import Glibc
internal import Logging
internal import NodeInterfaces
internal import ObjectModel

/// Starts pods by bare CRI calls, as many at a time as a node agent does, and prints how long it took: what `make bench`
/// holds Ordinal's own pods against. A tool of the project's; nobody needs it to run Ordinal.
@main struct CRIBenchProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ordinal-cri-bench",
        abstract: "Starts pods of one container by bare CRI calls and prints the seconds until all run.")

    @Argument(help: "containerd's socket.")
    var socket: String

    @Argument(help: "An image that it has.")
    var image: String

    @Option(help: "How many pods.")
    var count = 50

    @Option(help: "How many are started at a time.")
    var inFlight = 8

    func run() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/ordinal-cri-bench-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let runtime = try ContainerdRuntime(
            socket: socket, cgroupParent: "/ordinal-cri-bench", execDirectory: folder + "/exec",
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await runtime.run() }
            try await runtime.waitUntilReady()
            guard let id = try await runtime.image(image)?.id else { throw ValidationError("there is no \(image)") }
            let bench = Bench(runtime: runtime, imageID: id, image: image, folder: folder)
            let begin = ContinuousClock.now
            let sandboxes = try await Self.several(Array(0..<count), inFlight) { try await bench.start($0) }
            print((ContinuousClock.now - begin).inSeconds)
            _ = try await Self.several(sandboxes, inFlight) { try await bench.remove($0) }
            group.cancelAll()
        }
    }

    /// Does something with each item, a limited number at a time.
    private static func several<Item: Sendable, Result: Sendable>(
        _ items: [Item], _ limit: Int, _ body: @escaping @Sendable (Item) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: Result.self) { group in
            var results: [Result] = []
            var rest = items[...]
            while let item = rest.popFirst() {
                if items.count - rest.count > limit, let result = try await group.next() { results.append(result) }
                group.addTask { try await body(item) }
            }
            for try await result in group { results.append(result) }
            return results
        }
    }
}

/// One pod at a time, by the calls that an agent makes for it.
private struct Bench: Sendable {
    let runtime: ContainerdRuntime
    let imageID: String
    let image: String
    let folder: String

    func start(_ number: Int) async throws -> String {
        let identity = PodIdentity(
            name: NamespacedName(namespace: "bench", name: "bare-\(number)"), uid: "bench-\(getpid())-\(number)")
        var sandbox = SandboxConfig(
            pod: identity, attempt: 0, hostname: "bare-\(number)", logDirectory: "\(folder)/logs/\(number)")
        sandbox.cgroup = "kubepods/besteffort/pod\(identity.uid)"
        let id = try await runtime.runSandbox(sandbox)
        var container = ContainerConfig(
            pod: identity, name: "c", attempt: 0, image: imageID, logPath: "c/0.log")
        container.labels = ["io.kubernetes.container.name": "c"]
        try await runtime.startContainer(
            try await runtime.createContainer(container, sandbox: id, sandboxConfig: sandbox))
        return id
    }

    func remove(_ sandbox: String) async throws {
        try await runtime.stopSandbox(sandbox)
        try await runtime.removeSandbox(sandbox)
    }
}

import APIProtocol
import Logging
import NodeInterfaces
import ObjectModel
import Processes
import Testing

@testable import CRIRuntime

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A real containerd in a folder of its own, for one test.
struct PrivateContainerd: Sendable {
    static let archive: String? = {
        var folder = #filePath.split(separator: "/").dropLast()
        while !folder.isEmpty {
            let path = "/" + folder.joined(separator: "/") + "/images/out/busybox-1.28.tar"
            if access(path, R_OK) == 0 { return path }
            folder.removeLast()
        }
        return nil
    }()
    static let isPossible =
        getuid() == 0 && archive != nil && (try? ContainerdProcess.program.path()) != nil
        && access("/usr/lib/cni/ptp", X_OK) == 0
    static let reason: Comment =
        "needs root, Debian's containerd and containernetworking-plugins, and the image of `make images`"

    let layout: ContainerdLayout
    let process: ContainerdProcess
    let runtime: ContainerdRuntime
    let cgroupParent: String

    /// Runs `body` with a containerd that is stopped and cleaned up behind it.
    static func with(_ body: (PrivateContainerd) async throws -> Void) async throws {
        let name = String(UInt32.random(in: .min ... .max), radix: 36)
        let layout = try ContainerdLayout(base: "/tmp/ord-test-\(name)")
        let cgroupParent = "/ordinal-test-\(name)"
        let logger = Logger(label: "test")
        let process = try ContainerdProcess(layout: layout, logger: logger)
        try Files.write(Array(network(layout).utf8), to: layout.cniConfiguration + "/10-test.conflist")
        let runtime = try ContainerdRuntime(
            socket: layout.socket, cgroupParent: cgroupParent, execDirectory: layout.exec, logger: logger)
        let this = Self(layout: layout, process: process, runtime: runtime, cgroupParent: cgroupParent)
        var failure: (any Error)?
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await process.run() }
            group.addTask { await runtime.run() }
            do {
                try await runtime.waitUntilReady()
                try await runtime.importPauseImage(archive: layout.pauseImage)
                try await runtime.importImage(archive: #require(archive))
                try await body(this)
            } catch { failure = error }
            await this.removePods()
            group.cancelAll()
        }
        let left = await KernelLeftovers(
            layout: layout, mountsBelow: layout.base, cgroupParent: cgroupParent
        ).remove()
        #expect(left.isEmpty)
        removeTree(layout.base)
        if let failure { throw failure }
    }

    private func removePods() async {
        for pod in (try? await runtime.pods())?.values.map(\.self) ?? [] {
            for container in pod.containers { try? await runtime.stopContainer(container.id, grace: .zero) }
            for sandbox in pod.sandboxes {
                try? await runtime.stopSandbox(sandbox.id)
                try? await runtime.removeSandbox(sandbox.id)
            }
        }
    }

    /// A network that needs no bridge: each pod gets a pair of interfaces.
    private static func network(_ layout: ContainerdLayout) -> String {
        """
        {"cniVersion": "1.0.0", "name": "test", "plugins": [{"type": "ptp", "ipam": {"type": "host-local",
        "dataDir": "\(layout.cniAddresses)", "ranges": [[{"subnet": "10.251.\(Int.random(in: 0..<256)).0/24"}]]}}]}
        """
    }

    private static func removeTree(_ path: String) {
        if Files.isFolder(path) {
            for name in Files.names(in: path) { removeTree("\(path)/\(name)") }
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    /// Starts a pod with one busybox container; returns the ids of sandbox and container.
    func runPod(
        _ name: String = "web-0", script: String, limits: ResourceLimits = ResourceLimits(),
        security: ContainerSecurity = ContainerSecurity()
    ) async throws -> (sandbox: String, container: String, pod: PodIdentity) {
        let identity = PodIdentity(name: NamespacedName(namespace: "default", name: name), uid: "uid-\(name)")
        var sandbox = SandboxConfig(
            pod: identity, attempt: 0, hostname: name, logDirectory: layout.base + "/logs/\(name)")
        sandbox.cgroup = "kubepods/pod\(identity.uid)"
        sandbox.limits = limits
        sandbox.dns = PodDNSConfig(servers: ["10.96.0.10"], searches: ["default.svc.cluster.local"], options: [])
        let sandboxID = try await runtime.runSandbox(sandbox)
        mkdir(sandbox.logDirectory + "/main", 0o755)
        var container = ContainerConfig(
            pod: identity, name: "main", attempt: 0, image: "busybox:1.28", logPath: "main/0.log")
        container.command = ["sh", "-c", script]
        container.environment = [("GREETING", "hello")]
        container.security = security
        let id = try await runtime.createContainer(container, sandbox: sandboxID, sandboxConfig: sandbox)
        try await runtime.startContainer(id)
        return (sandboxID, id, identity)
    }

    /// Runs a command to its end; returns its output, error output and code.
    func exec(
        _ container: String, _ command: [String], input: [[UInt8]]? = nil, tty: Bool = false
    ) async throws -> (output: String, errors: String, code: Int?) {
        var request = ExecRequest(
            pod: NamespacedName(namespace: "default", name: "web-0"), podUID: "uid-web-0", container: "main",
            command: command)
        request.stdin = input != nil
        request.tty = tty
        let session = try await runtime.exec(container, request)
        var output: [UInt8] = []
        var errors: [UInt8] = []
        var code: Int?
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for bytes in input ?? [] { try await session.send(.stdin(bytes)) }
                if input != nil, !tty { try await session.send(.endOfInput) }
            }
            while let next = try await session.receive() {
                switch next {
                case .stdout(let bytes): output += bytes
                case .stderr(let bytes): errors += bytes
                case .exit(let number, _): code = number
                }
            }
            await session.close()
            try await group.waitForAll()
        }
        return (String(decoding: output, as: UTF8.self), String(decoding: errors, as: UTF8.self), code)
    }
}

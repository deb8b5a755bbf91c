internal import FoundationEssentials
internal import Glibc
package import ObjectModel

/// What runs on a data directory, as `ordinal up` wrote it down for the other commands.
package struct Instance: Sendable, Hashable {
    /// The process.
    package var pid: Int32
    /// The server's address, `https://HOST:PORT`.
    package var server: String
    /// Where the kubeconfig is.
    package var kubeconfig: String
    /// `containerd` or `simulated`.
    package var runtime: String
    /// containerd's socket; empty when nothing runs.
    package var socket: String
    /// Where pods get their addresses.
    package var podRange: IPv4Range
    /// Where Services get theirs.
    package var serviceRange: IPv4Range
    /// Whether `ordinal down` has stopped its pods and removed what its node made.
    package var isDown = false

    /// Whether the process that was written down is an ordinal: the number may be another's by now.
    package var isOrdinal: Bool {
        let arguments = DataDirectory.read("/proc/\(pid)/cmdline")?.split(separator: "\0") ?? []
        return arguments.contains("up")
    }

    /// Reads what was written down; nil when nothing ever ran there.
    package static func read(_ directory: DataDirectory) -> Instance? {
        guard let text = DataDirectory.read(directory.instance), let value = try? JSON.parse(text),
            let pid = value["pid"]?.int, let server = value["server"]?.string,
            let podRange = value["podRange"]?.string.flatMap(IPv4Range.init),
            let serviceRange = value["serviceRange"]?.string.flatMap(IPv4Range.init)
        else { return nil }
        return Instance(
            pid: Int32(pid), server: server, kubeconfig: value["kubeconfig"]?.string ?? "",
            runtime: value["runtime"]?.string ?? "", socket: value["socket"]?.string ?? "", podRange: podRange,
            serviceRange: serviceRange, isDown: value["down"]?.bool ?? false)
    }

    func write(to directory: DataDirectory) throws(StartupError) {
        let value: Value = [
            "pid": .integer(Int64(pid)), "server": .string(server), "kubeconfig": .string(kubeconfig),
            "runtime": .string(runtime), "socket": .string(socket), "podRange": .string(podRange.description),
            "serviceRange": .string(serviceRange.description), "down": .bool(isDown),
        ]
        try DataDirectory.write(JSON.text(value) + "\n", to: directory.instance, mode: 0o600)
    }

    /// Why a node of another kind cannot start now: containers of this one may still run, and only its `down` finds them.
    func objection(toRuntime other: String) -> StartupError? {
        guard runtime == ClusterConfiguration.RuntimeChoice.containerd.rawValue, other != runtime, !isDown else {
            return nil
        }
        return .failed(
            "Pods of this data directory may still run in containers, and --runtime \(other) would lose sight of them. "
                + "Stop them with `ordinal down`, or choose another directory with --data-dir.")
    }

    /// The administrator's kubeconfig of the cluster on a data directory.
    package static func kubeconfig(dataDirectory: String) throws(StartupError) -> String {
        let directory = DataDirectory(dataDirectory)
        if let denial = directory.denial { throw denial }
        guard let instance = read(directory), let text = DataDirectory.read(instance.kubeconfig) else {
            throw .failed("No cluster was started on \(dataDirectory) yet. Start one with: ordinal up")
        }
        return text
    }
}

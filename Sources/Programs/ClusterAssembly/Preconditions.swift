internal import Glibc

/// What must be true before a cluster can start, checked before anything is made.
enum Preconditions {
    private static let programs: [(names: [String], package: String)] = [
        (["containerd"], "containerd"), (["crun", "runc"], "crun (or runc)"), (["nft"], "nftables"),
        (["ip"], "iproute2"),
    ]
    private static let pluginFolders = ["/usr/lib/cni", "/opt/cni/bin"]
    private static let longestSocketPath = 107

    static func check(_ configuration: ClusterConfiguration, socket: String) throws(StartupError) {
        if let problem = configuration.problem { throw problem }
        guard configuration.runtime == .containerd else { return }
        guard geteuid() == 0 else { throw .needsRoot }
        for program in programs where !program.names.contains(where: { find($0) != nil }) {
            if program.names == ["containerd"], configuration.runtimeEndpoint != nil { continue }
            throw .missingProgram(program.names.joined(separator: " or "), package: program.package)
        }
        guard pluginFolder != nil else {
            throw .missingProgram("The CNI plugin bridge", package: "containernetworking-plugins")
        }
        if socket.utf8.count > longestSocketPath { throw .socketPathTooLong(socket) }
    }

    /// Where the CNI plugins are.
    static var pluginFolder: String? { pluginFolders.first { access("\($0)/bridge", X_OK) == 0 } }

    /// A program by its name.
    static func find(_ name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]
        return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}

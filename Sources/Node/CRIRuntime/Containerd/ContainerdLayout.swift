/// Where a private containerd keeps everything: below one folder, so that two instances do not meet and nothing is left
/// elsewhere.
package struct ContainerdLayout: Sendable, Hashable {
    /// The folder.
    package let base: String

    /// The layout below `base`, an absolute path.
    package init(base: String) throws(ContainerdError) {
        self.base = base
        guard base.hasPrefix("/") else { throw .unusableDirectory(base, reason: "it is not an absolute path") }
        guard !base.contains(where: { $0 == "\"" || $0 == "\\" || $0.isNewline }) else {
            throw .unusableDirectory(base, reason: "its name has a quote, a backslash or a line break")
        }
        // The socket for shims is the same path with ".ttrpc" behind it.
        let longest = socket + ".ttrpc"
        guard longest.utf8.count <= Self.socketPathLimit else {
            throw .socketPathTooLong(longest, limit: Self.socketPathLimit)
        }
    }

    /// The longest path of a unix socket in bytes.
    package static let socketPathLimit = 107

    /// The socket of containerd's API.
    package var socket: String { base + "/containerd.sock" }
    /// Images and snapshots.
    package var root: String { base + "/root" }
    /// What belongs to running pods; nothing in it outlives a reboot.
    package var state: String { base + "/state" }
    /// containerd's configuration.
    package var configuration: String { base + "/config.toml" }
    /// The CNI configuration.
    package var cniConfiguration: String { base + "/cni/net.d" }
    /// The pod addresses in use.
    package var cniAddresses: String { state + "/cni" }
    /// Registry settings, one folder per host.
    package var registries: String { base + "/certs.d" }
    /// containerd's log.
    package var log: String { base + "/containerd.log" }
    /// The sandbox image as an archive.
    package var pauseImage: String { base + "/pause.tar" }
    /// Where hugetlb is mounted as a cgroup v1 hierarchy when it must be.
    package var hugetlbHierarchy: String { base + "/cg-hugetlb" }
    /// The pipes of running `exec`s.
    package var exec: String { base + "/exec" }

    var folders: [String] { [root, state, cniConfiguration, registries, exec] }
}

/// The program that makes containers for containerd.
struct LowLevelRuntime: Sendable, Hashable {
    /// `crun` or `runc`.
    var name: String
    /// The program.
    var path: String

    /// Prefers crun, which is faster and smaller. Debian's refuses a machine where some controllers are v1 and others v2.
    static func choose(crun: String?, runc: String?, mounts: CgroupMounts, unifiedControllers: String) -> Self? {
        let mixed = !mounts.versionOne.isEmpty && !unifiedControllers.split(whereSeparator: \.isWhitespace).isEmpty
        if let crun, !mixed { return Self(name: "crun", path: crun) }
        if let runc { return Self(name: "runc", path: runc) }
        return nil
    }
}

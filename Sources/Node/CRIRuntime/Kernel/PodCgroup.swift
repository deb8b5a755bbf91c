internal import NodeInterfaces

/// The files that limit a whole pod, whose cgroup stands above those of its containers.
struct PodCgroup: Sendable, Hashable {
    /// Something to write.
    struct Setting: Sendable, Hashable {
        /// The cgroup's folder.
        var folder: String
        /// The file in it.
        var file: String
        /// The text.
        var value: String
    }

    /// The settings for `limits` of the cgroup at `path` (with a leading slash) below each hierarchy.
    static func settings(_ limits: ResourceLimits, path: String, in mounts: CgroupMounts) -> [Setting] {
        mounts.versionOne.isEmpty
            ? unifiedSettings(limits, path: path, in: mounts) : versionOneSettings(limits, path: path, in: mounts)
    }

    private static func versionOneSettings(
        _ limits: ResourceLimits, path: String, in mounts: CgroupMounts
    ) -> [Setting] {
        var settings: [Setting] = []
        func add(_ controller: String, _ file: String, _ value: Int64?) {
            guard let value, let root = mounts.path(of: controller) else { return }
            settings.append(Setting(folder: root + path, file: file, value: String(value)))
        }
        add("memory", "memory.limit_in_bytes", limits.memoryBytes)
        add("cpu", "cpu.shares", limits.cpuShares)
        add("cpu", "cpu.cfs_quota_us", limits.cpuQuotaMicroseconds)
        return settings
    }

    private static func unifiedSettings(
        _ limits: ResourceLimits, path: String, in mounts: CgroupMounts
    ) -> [Setting] {
        guard let root = mounts.unified else { return [] }
        var settings: [Setting] = []
        func add(_ file: String, _ value: String?) {
            guard let value else { return }
            settings.append(Setting(folder: root + path, file: file, value: value))
        }
        add("memory.max", limits.memoryBytes.map { String($0) })
        // The kernel's and runc's translation of shares (2…262144) to weights (1…10000).
        add("cpu.weight", limits.cpuShares.map { String(1 + (min(max($0, 2), 262_144) - 2) * 9999 / 262_142) })
        add("cpu.max", limits.cpuQuotaMicroseconds.map { "\($0) 100000" })
        return settings
    }
}

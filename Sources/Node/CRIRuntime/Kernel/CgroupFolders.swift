internal import NodeInterfaces
internal import Processes

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Makes and removes cgroups. containerd makes the ones above its containers too, but never removes them.
struct CgroupFolders: Sendable {
    /// The machine's hierarchies.
    var mounts: CgroupMounts

    /// The hierarchies as they are mounted now.
    static func current() -> Self { Self(mounts: CgroupMounts(mounts: Files.text("/proc/self/mounts") ?? "")) }

    /// Makes the pod's cgroup at `path` where it has limits, and writes them.
    func apply(_ limits: ResourceLimits, path: String) throws(ContainerdError) {
        for setting in PodCgroup.settings(limits, path: path, in: mounts) {
            try Files.makeFolders(setting.folder)
            if let unified = mounts.unified, setting.folder.hasPrefix(unified + "/") {
                delegate(from: unified, to: path)
            }
            try Files.write(Array(setting.value.utf8), to: "\(setting.folder)/\(setting.file)")
        }
    }

    /// Removes the cgroup at `path` in every hierarchy, with the empty ones below it; one with processes stays.
    func remove(_ path: String) {
        guard path.hasPrefix("/"), path.count > 1, !path.contains("..") else { return }
        for root in mounts.all { removeTree(root + path) }
    }

    /// The processes in the cgroup at `path` and below it, in any hierarchy.
    func processes(in path: String) -> Set<pid_t> {
        guard path.hasPrefix("/"), path.count > 1, !path.contains("..") else { return [] }
        return mounts.all.reduce(into: []) { collect(from: $1 + path, into: &$0) }
    }

    private func collect(from folder: String, into found: inout Set<pid_t>) {
        guard Files.isFolder(folder) else { return }
        let listed = Files.text(folder + "/cgroup.procs") ?? ""
        found.formUnion(listed.split(separator: "\n").compactMap { pid_t($0) })
        for name in Files.names(in: folder) { collect(from: "\(folder)/\(name)", into: &found) }
    }

    private func removeTree(_ folder: String) {
        guard Files.isFolder(folder) else { return }
        for name in Files.names(in: folder) { removeTree("\(folder)/\(name)") }
        rmdir(folder)
    }

    /// Version 2: a cgroup has only the controllers that each one above it hands down.
    private func delegate(from root: String, to path: String) {
        var folder = root
        for part in path.split(separator: "/") {
            for controller in ["+cpu", "+memory", "+pids"] {
                // A controller that is handed down already, or does not exist, is no reason to stop.
                try? Files.write(Array(controller.utf8), to: folder + "/cgroup.subtree_control")
            }
            folder += "/\(part)"
        }
    }
}

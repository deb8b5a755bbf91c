internal import Processes

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// What a private containerd leaves in the kernel: processes, mounts below its folder, cgroups.
///
/// Only for `ordinal down`, after the pods were removed through containerd and containerd was stopped; what it finds then
/// belongs to pods that could not be removed in order.
package struct KernelLeftovers: Sendable {
    private let layout: ContainerdLayout
    private let folder: String
    private let cgroupParent: String

    /// The leftovers of the containerd with this layout whose pods are in cgroups below `cgroupParent` (`/ordinal-…`), and
    /// every mount below `folder`, which holds the layout and the pods' volumes.
    package init(layout: ContainerdLayout, mountsBelow folder: String, cgroupParent: String) {
        self.layout = layout
        self.folder = folder
        self.cgroupParent = cgroupParent
    }

    /// Kills, unmounts and removes all of it. Returns what it could not remove, for people; empty when nothing is left.
    package func remove() async -> [String] {
        await BlockingThread.run { removeOnThisThread() }
    }

    /// Unmounts what is below the folder and leaves the rest: of a containerd that is not this cluster's own. Returns what
    /// is still mounted.
    package func unmount() async -> [String] {
        await BlockingThread.run {
            unmountAll(but: nil)
            return mountsBelowBase()
        }
    }

    private func removeOnThisThread() -> [String] {
        let cgroups = CgroupFolders.current()
        var left: [String] = []
        // Processes take a moment to go; a bounded number of rounds, each a little later.
        for round in 0..<20 {
            for pid in Shims(socket: layout.socket).all.union(cgroups.processes(in: cgroupParent)) {
                kill(pid, SIGKILL)
            }
            cgroups.remove(cgroupParent)
            let folders = cgroups.mounts.all.map { $0 + cgroupParent }.filter(Files.isFolder)
            // A hierarchy that is detached before its cgroups are removed stays in the kernel, where nobody finds it.
            unmountAll(but: folders.isEmpty ? nil : layout.hugetlbHierarchy)
            left = mountsBelowBase() + folders
            if left.isEmpty { break }
            usleep(useconds_t(10_000 * (round + 1)))
        }
        return left
    }

    private func unmountAll(but kept: String?) {
        // What was mounted last is on top.
        for path in mountsBelowBase().reversed() where path != kept { umount2(path, Int32(MNT_DETACH)) }
    }

    private func mountsBelowBase() -> [String] {
        Self.mounts(below: folder, in: Files.text("/proc/self/mounts") ?? "")
    }

    /// The mount points below `base` of a `/proc/self/mounts` text, in its order.
    static func mounts(below base: String, in text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 1 else { return nil }
            // The kernel writes a space as \040.
            let path = String(words[1]).replacing("\\040", with: " ")
            return path.hasPrefix(base + "/") ? String(path) : nil
        }
    }
}

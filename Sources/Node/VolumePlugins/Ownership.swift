internal import NodeInterfaces

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Gives a volume to the pod's `fsGroup`, as kubelet's SetVolumeOwnership does: the group may read and write, and new
/// files in directories get the group too. A file whose owner or mode cannot be changed stays as it is.
enum Ownership {
    /// Applies `group` to what is at `path` and below it; the root comes last, so that a walk that was cut short is
    /// repeated under `onRootMismatch` too. What vanishes meanwhile is no error.
    static func apply(
        _ group: Int64?, to path: String, policy: FSGroupChangePolicy = .always
    ) throws(HostFileError) {
        guard let group else { return }
        let walk = OwnershipWalk(path: path, group: gid_t(truncatingIfNeeded: group))
        if policy == .onRootMismatch, walk.rootMatches { return }
        try walk.run()
    }
}

/// One walk. Works on open directories, one at a time: a full path can be longer than the system takes, links must not be
/// followed, and names need not be text.
private struct OwnershipWalk {
    /// A directory whose own directories are not all done.
    private struct Level {
        var status: stat
        var folders: [[CChar]] = []
    }

    private static let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

    let path: String
    let group: gid_t

    /// Whether the root is a directory that has the group and all bits that it would get.
    var rootMatches: Bool {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_gid == group else { return false }
        return status.st_mode & Self.bits(status) == Self.bits(status)
    }

    func run() throws(HostFileError) {
        // The root is the volume's own: only below it may a container have made links.
        var folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else {
            if errno == ENOENT { return }
            guard errno == ENOTDIR else { throw failure("open") }
            return give(Array(path.utf8CString), in: AT_FDCWD)
        }
        defer { close(folder) }
        var levels = [try enter(folder)]
        while var level = levels.popLast() {
            if let name = level.folders.popLast() {
                levels.append(level)
                guard let next = try down(name, in: folder) else { continue }
                close(folder)
                folder = next
                levels.append(try enter(folder))
            } else {
                _ = fchown(folder, uid_t.max, group)
                _ = fchmod(folder, level.status.st_mode & 0o7777 | Self.bits(level.status))
                guard let above = levels.last else { return }
                let next = try up(from: folder, to: above.status)
                close(folder)
                folder = next
            }
        }
    }

    /// Gives everything in a directory but its directories, which it lists.
    private func enter(_ folder: Int32) throws(HostFileError) -> Level {
        var status = stat()
        guard fstat(folder, &status) == 0 else { throw failure("stat") }
        var level = Level(status: status)
        try HostFiles.forEachName(in: folder, of: path) { name throws(HostFileError) in
            if isFolder(name, in: folder) { level.folders.append(name) } else { give(name, in: folder) }
            return true
        }
        return level
    }

    private func isFolder(_ name: [CChar], in folder: Int32) -> Bool {
        var status = stat()
        return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private func give(_ name: [CChar], in folder: Int32) {
        var status = stat()
        guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return }
        _ = fchownat(folder, name, uid_t.max, group, AT_SYMLINK_NOFOLLOW)
        guard status.st_mode & S_IFMT != S_IFLNK else { return }
        // Without following, should a link have taken the place. The mode is that of before: the change of the group
        // takes the bits of a program away.
        _ = fchmodat(folder, name, status.st_mode & 0o7777 | Self.bits(status), AT_SYMLINK_NOFOLLOW)
    }

    /// A directory below; nil when something else, or nothing, is there by now.
    private func down(_ name: [CChar], in folder: Int32) throws(HostFileError) -> Int32? {
        let next = openat(folder, name, Self.flags)
        if next >= 0 { return next }
        guard [ENOENT, ENOTDIR, ELOOP].contains(errno) else { throw failure("open") }
        return nil
    }

    /// The directory above. Somebody who moves directories meanwhile must not lead the walk out of the volume.
    private func up(from folder: Int32, to expected: stat) throws(HostFileError) -> Int32 {
        let next = openat(folder, "..", Self.flags)
        guard next >= 0 else { throw failure("open") }
        var status = stat()
        guard fstat(next, &status) == 0, status.st_dev == expected.st_dev, status.st_ino == expected.st_ino else {
            close(next)
            throw HostFileError(operation: "change the group of", path: path, code: EBUSY)
        }
        return next
    }

    private static func bits(_ status: stat) -> mode_t { status.st_mode & S_IFMT == S_IFDIR ? 0o2770 : 0o660 }

    private func failure(_ operation: String) -> HostFileError {
        HostFileError(operation: operation, path: path, code: errno)
    }
}

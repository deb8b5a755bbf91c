#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension HostFiles {
    /// Removes what is at `path`, a directory with all that is in it, however deep and whatever the names: a container
    /// may have made it. What is not there is fine. Links are removed, not followed. Never crosses into another file
    /// system, so that a mount which was not undone keeps its data (EBUSY).
    package static func removeTree(_ path: String) throws(HostFileError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw HostFileError("remove", path)
        }
        var removal = TreeRemoval(path: path, device: status.st_dev)
        try removal.remove(Array(path.utf8CString), in: AT_FDCWD, depth: 0)
    }
}

/// One removal. Works on open directories, since a full path can be longer than the system takes, and on names as bytes,
/// since they need not be text. At most `deepest` directories are open at a time.
private struct TreeRemoval {
    /// Below so many levels directories are first moved up: no file of ours, and no mount, is that deep.
    private static let deepest = 64
    /// So many names are read at a time.
    private static let batch = 4096

    let path: String
    let device: dev_t
    private var moved = 0

    init(path: String, device: dev_t) {
        self.path = path
        self.device = device
    }

    mutating func remove(_ name: [CChar], in parent: Int32, depth: Int) throws(HostFileError) {
        if try removeSimple(name, in: parent) { return }
        let folder = try openFolder(name, in: parent)
        defer { close(folder) }
        while case let names = try names(in: folder), !names.isEmpty {
            for name in names {
                if depth < Self.deepest {
                    try remove(name, in: folder, depth: depth + 1)
                } else {
                    try moveUp(name, in: folder)
                }
            }
        }
        try finish(name, in: parent)
    }

    /// Removes a directory after it has moved its own directories beside it, so that depth becomes width.
    private mutating func moveUp(_ name: [CChar], in parent: Int32) throws(HostFileError) {
        if try removeSimple(name, in: parent) { return }
        let folder = try openFolder(name, in: parent)
        defer { close(folder) }
        while case let names = try names(in: folder), !names.isEmpty {
            for name in names where try !removeSimple(name, in: folder) {
                moved += 1
                // The name may be taken by the container's own; then the next number is tried with the next batch.
                let free = Array(".ordinal-removed-\(moved)".utf8CString)
                guard faccessat(parent, free, F_OK, AT_SYMLINK_NOFOLLOW) != 0 else { continue }
                guard renameat(folder, name, parent, free) == 0 else { throw failure("rename") }
            }
        }
        try finish(name, in: parent)
    }

    /// Removes a file, a link or an empty directory. Whether nothing is left of it.
    private func removeSimple(_ name: [CChar], in parent: Int32) throws(HostFileError) -> Bool {
        var status = stat()
        guard fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return true }
            throw failure("stat")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            if unlinkat(parent, name, 0) != 0, errno != ENOENT { throw failure("unlink") }
            return true
        }
        guard status.st_dev == device else { throw failure("remove", EBUSY) }
        if unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT { return true }
        guard errno == ENOTEMPTY || errno == EEXIST else { throw failure("rmdir") }
        return false
    }

    private func finish(_ name: [CChar], in parent: Int32) throws(HostFileError) {
        if unlinkat(parent, name, AT_REMOVEDIR) != 0, errno != ENOENT { throw failure("rmdir") }
    }

    private func openFolder(_ name: [CChar], in parent: Int32) throws(HostFileError) -> Int32 {
        let folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { throw failure("open") }
        return folder
    }

    private func names(in folder: Int32) throws(HostFileError) -> [[CChar]] {
        var names: [[CChar]] = []
        try HostFiles.forEachName(in: folder, of: path) { name throws(HostFileError) in
            names.append(name)
            return names.count < Self.batch
        }
        return names
    }

    private func failure(_ operation: String, _ code: Int32 = errno) -> HostFileError {
        HostFileError(operation: operation, path: path, code: code)
    }
}

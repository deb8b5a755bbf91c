internal import LinuxShims

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Why an operation on the node's file system failed: what was tried, on which path, and the system's words.
package struct HostFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The system's error number.
    package let code: Int32
    /// What was tried, where, and why it failed.
    package let description: String

    init(_ operation: String, _ path: String, _ code: Int32 = errno) {
        self.init(operation: operation, path: path, code: code)
    }

    /// The failure `code` (an `errno`) of `operation` on `path`.
    package init(operation: String, path: String, code: Int32) {
        self.code = code
        description = "\(operation) \(path): \(String(cString: strerror(code)))"
    }
}

/// Plain operations on the node's file system, in one place so that their errors read alike.
package enum HostFiles {
    /// The largest file that `read` takes in.
    package static let readLimit = 64 << 20

    /// What is at a path.
    package enum Kind: Sendable, Hashable { case file, directory, link, socket, characterDevice, blockDevice, other }

    /// What is at `path`, without following a link at its end unless `followLinks`; nil when there is nothing.
    package static func kind(_ path: String, followLinks: Bool = true) -> Kind? {
        var status = stat()
        guard (followLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .directory
        case S_IFLNK: return .link
        case S_IFSOCK: return .socket
        case S_IFCHR: return .characterDevice
        case S_IFBLK: return .blockDevice
        default: return .other
        }
    }

    /// The size of a file in bytes; nil when it is not there.
    package static func size(_ path: String) -> Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }

    /// The permission bits of what is at `path`; nil when there is nothing.
    package static func mode(_ path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_mode & 0o7777) : nil
    }

    /// Makes a directory and those above it; one that is there is left as it is.
    package static func makeDirectory(_ path: String, mode: Int = 0o755) throws(HostFileError) {
        if kind(path) == .directory { return }
        let parent = directory(of: path)
        if parent != path, !parent.isEmpty { try makeDirectory(parent) }
        if mkdir(path, mode_t(mode)) != 0, errno != EEXIST { throw HostFileError("mkdir", path) }
        if errno == EEXIST, kind(path) != .directory { throw HostFileError("mkdir", path, ENOTDIR) }
        try setMode(path, mode)
    }

    /// Makes one directory in a directory that is there; what is there already must be a directory, not a link to one.
    package static func makeChildDirectory(_ path: String, mode: Int = 0o755) throws(HostFileError) {
        let isNew = mkdir(path, mode_t(mode)) == 0
        if !isNew, errno != EEXIST { throw HostFileError("mkdir", path) }
        let handle = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard handle >= 0 else { throw HostFileError("open", path) }
        defer { close(handle) }
        // The umask took bits away.
        if isNew, fchmod(handle, mode_t(mode)) != 0 { throw HostFileError("chmod", path) }
    }

    /// Writes a file as a whole, replacing what was there.
    package static func write(_ bytes: [UInt8], to path: String, mode: Int = 0o644) throws(HostFileError) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode_t(mode))
        guard file >= 0 else { throw HostFileError("open", path) }
        defer { close(file) }
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { systemWrite(file, $0) }
            guard count > 0 else { throw HostFileError("write", path) }
            offset += count
        }
        // The umask took bits away.
        if fchmod(file, mode_t(mode)) != 0 { throw HostFileError("chmod", path) }
    }

    /// Reads a file, at most `limit` bytes from its beginning.
    package static func read(_ path: String, limit: Int = readLimit) throws(HostFileError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw HostFileError("open", path) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < limit {
            let wanted = min(buffer.count, limit - bytes.count)
            let count = buffer.withUnsafeMutableBytes { systemRead(file, $0.baseAddress, wanted) }
            guard count >= 0 else { throw HostFileError("read", path) }
            if count == 0 { break }
            bytes.append(contentsOf: buffer[..<count])
        }
        return bytes
    }

    /// Compresses a file to `target` with gzip, replacing what was there, with the same permissions.
    package static func compress(_ path: String, to target: String) throws(HostFileError) {
        let source = open(path, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw HostFileError("open", path) }
        defer { close(source) }
        let mode = mode(path) ?? 0o600
        let file = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode_t(mode))
        guard file >= 0 else { throw HostFileError("open", target) }
        defer { close(file) }
        let failure = ordinal_gzip(source, file)
        guard failure == 0 else { throw HostFileError(operation: "compress", path: path, code: -failure) }
    }

    /// Removes a file or a link; what is not there is fine.
    package static func removeFile(_ path: String) throws(HostFileError) {
        if unlink(path) != 0, errno != ENOENT { throw HostFileError("unlink", path) }
    }

    /// Makes the symbolic link `path` to `target`, replacing a link that is there in one step.
    package static func link(_ path: String, to target: String) throws(HostFileError) {
        let temporary = path + ".new"
        unlink(temporary)
        guard symlink(target, temporary) == 0 else { throw HostFileError("symlink", temporary) }
        try rename(temporary, to: path)
    }

    /// Where a symbolic link leads; nil when it is none.
    package static func linkTarget(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { buffer in
            buffer.baseAddress.map { readlink(path, $0.assumingMemoryBound(to: CChar.self), buffer.count) } ?? -1
        }
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// Renames, replacing what was at the new name.
    package static func rename(_ path: String, to newPath: String) throws(HostFileError) {
        if systemRename(path, newPath) != 0 { throw HostFileError("rename", path) }
    }

    /// Sets the permission bits.
    package static func setMode(_ path: String, _ mode: Int) throws(HostFileError) {
        if chmod(path, mode_t(mode)) != 0 { throw HostFileError("chmod", path) }
    }

    /// Sets the owning group; the owner stays. Links are not followed.
    package static func setGroup(_ path: String, _ group: Int64) throws(HostFileError) {
        if lchown(path, uid_t.max, gid_t(truncatingIfNeeded: group)) != 0 { throw HostFileError("chown", path) }
    }

    /// The names in a directory, sorted; empty when it is not there.
    package static func names(in path: String) -> [String] {
        guard let handle = opendir(path) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The directory a path is in.
    package static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

// Inside `HostFiles` the plain names mean its own functions.
private func systemRead(_ file: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(file, buffer, count)
}
private func systemWrite(_ file: Int32, _ buffer: UnsafeRawBufferPointer) -> Int {
    write(file, buffer.baseAddress, buffer.count)
}
private func systemRename(_ old: String, _ new: String) -> Int32 { rename(old, new) }

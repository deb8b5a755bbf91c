internal import NodeInterfaces

#if canImport(Glibc)
    internal import Glibc
#endif

/// A file system in memory in place of a directory: what is in it reaches no disk, and goes when it is unmounted.
enum MemoryFilesystem {
    /// Mounts one at the directory `path`, unless something is mounted there. `limit` in bytes; nil is the kernel's, half
    /// of the memory. What may not be swapped out stays in memory where the kernel can do that (6.4).
    static func mount(
        at path: String, mode: String, limit: Int64? = nil, maySwap: Bool = true
    ) throws(HostFileError) {
        #if canImport(Glibc)
            if isMounted(at: path) { return }
            let options = "mode=\(mode)" + (limit.map { ",size=\($0)" } ?? "")
            if !maySwap, Glibc.mount("tmpfs", path, "tmpfs", 0, "\(options),noswap") == 0 { return }
            if Glibc.mount("tmpfs", path, "tmpfs", 0, options) != 0 {
                throw HostFileError(operation: "mount tmpfs at", path: path, code: errno)
            }
        #endif
    }

    /// Unmounts what is mounted at `path`, if anything. While somebody has something of it open it goes from the tree of
    /// files at once and from memory with the last who lets go.
    static func unmount(_ path: String) throws(HostFileError) {
        #if canImport(Glibc)
            guard isMounted(at: path) else { return }
            if umount2(path, 0) == 0 { return }
            if errno == EBUSY, umount2(path, Int32(MNT_DETACH)) == 0 { return }
            throw HostFileError(operation: "umount", path: path, code: errno)
        #endif
    }

    private static func isMounted(at path: String) -> Bool {
        #if canImport(Glibc)
            var own = stat()
            var above = stat()
            guard stat(path, &own) == 0, stat(HostFiles.directory(of: path), &above) == 0 else { return false }
            return own.st_dev != above.st_dev
        #else
            return false
        #endif
    }
}

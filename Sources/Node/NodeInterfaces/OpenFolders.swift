#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension HostFiles {
    /// Calls `body` with each name in the open directory `folder`, in no order, as the bytes it is made of: it need not be
    /// text. Ends early when `body` returns false. `path` is for the error.
    package static func forEachName(
        in folder: Int32, of path: String, _ body: ([CChar]) throws(HostFileError) -> Bool
    ) throws(HostFileError) {
        let copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw HostFileError(operation: "open", path: path, code: errno) }
        guard let handle = fdopendir(copy) else {
            let code = errno
            close(copy)
            throw HostFileError(operation: "open", path: path, code: code)
        }
        defer { closedir(handle) }
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1))
                }
            }
            if name == [46, 0] || name == [46, 46, 0] { continue }
            guard try body(name) else { return }
        }
    }
}

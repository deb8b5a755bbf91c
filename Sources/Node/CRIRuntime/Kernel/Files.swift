internal import Processes

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Small files and folders, written and read at once.
enum Files {
    /// Makes a folder and those above it; one that exists is left.
    static func makeFolders(_ path: String, mode: mode_t = 0o755) throws(ContainerdError) {
        var current = ""
        for part in path.split(separator: "/") {
            current += "/\(part)"
            guard mkdir(current, mode) == 0 || errno == EEXIST || access(current, F_OK) == 0 else {
                throw .file(path: current, reason: systemErrorText(errno))
            }
        }
    }

    /// Replaces a file's content in place.
    static func write(_ bytes: [UInt8], to path: String) throws(ContainerdError) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw .file(path: path, reason: systemErrorText(errno)) }
        defer { close(file) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw .file(path: path, reason: systemErrorText(errno)) }
            written += count
        }
    }

    /// A whole file's text; nil when it cannot be read.
    static func text(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = read(file, &buffer, buffer.count)
            guard count > 0 else { break }
            content.append(contentsOf: buffer[..<count])
        }
        return String(decoding: content, as: UTF8.self)
    }

    /// The names in a folder; empty when it cannot be read.
    static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Whether a path is a folder and no link to one.
    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

internal import NodeInterfaces
internal import Processes

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The named pipes between a process in a container and this program; containerd's shim holds the other ends.
struct ExecPipes: Sendable {
    /// The folder of these pipes.
    let folder: String
    /// Paths for containerd; empty where there is no stream.
    let stdin: String
    let stdout: String
    let stderr: String

    /// Makes the pipes in a new folder below `parent`.
    static func make(
        in parent: String, id: String, stdin: Bool, stderr: Bool
    ) throws(NodeInterfaces.RuntimeError) -> Self {
        let folder = "\(parent)/\(id)"
        let pipes = Self(
            folder: folder, stdin: stdin ? folder + "/stdin" : "", stdout: folder + "/stdout",
            stderr: stderr ? folder + "/stderr" : "")
        guard mkdir(folder, 0o700) == 0 else { throw .failed("exec: \(folder): \(systemErrorText(errno))") }
        for path in [pipes.stdin, pipes.stdout, pipes.stderr] where !path.isEmpty {
            guard mkfifo(path, 0o600) == 0 else {
                let reason = systemErrorText(errno)
                pipes.remove()
                throw .failed("exec: \(path): \(reason)")
            }
        }
        return pipes
    }

    /// Removes the folder.
    func remove() {
        for name in Files.names(in: folder) { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    /// Removes what a former run of this program left.
    static func removeAll(in parent: String) {
        for name in Files.names(in: parent) {
            Self(folder: "\(parent)/\(name)", stdin: "", stdout: "", stderr: "").remove()
        }
    }
}

/// Open ends of pipes. A pipe that nobody else has open yet neither ends nor blocks, because the other end is held here
/// until the shim has it.
struct PipeEnds: Sendable {
    /// The end that is used, not blocking.
    var used: Int32
    /// The end that is held until the process has started.
    var held: Int32

    init(_ path: String, reading: Bool) throws(NodeInterfaces.RuntimeError) {
        // Reading and writing at once never waits for the other side.
        held = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        used = open(path, (reading ? O_RDONLY : O_WRONLY) | O_NONBLOCK | O_CLOEXEC)
        guard held >= 0, used >= 0 else {
            let reason = systemErrorText(errno)
            for end in [held, used] where end >= 0 { close(end) }
            throw .failed("exec: \(path): \(reason)")
        }
    }

    /// Gives the held end back.
    func release() { close(held) }
    /// Closes both.
    func closeAll() {
        close(held)
        close(used)
    }
}

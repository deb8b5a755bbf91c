internal import Processes

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The shims of one containerd: their arguments name its socket and the sandbox that each was started for.
struct Shims: Sendable {
    let socket: String

    /// All of them.
    var all: Set<pid_t> { processes { $0.contains(socket) } }

    /// Kills the shim of a sandbox and everything that it began, such as a runtime that never came to its end. containerd
    /// notices, and can then clean up after it.
    func end(sandbox id: String) {
        let shims = processes { $0.contains(socket) && $0.contains(id) }
        for pid in children(of: shims).union(shims) { kill(pid, SIGKILL) }
    }

    private func processes(where isOurs: ([String]) -> Bool) -> Set<pid_t> {
        Set(
            Files.names(in: "/proc").compactMap { pid_t($0) }.filter { pid in
                let text = Files.text("/proc/\(pid)/cmdline") ?? ""
                let arguments = text.split(separator: "\0").map(String.init)
                return arguments.first?.contains("containerd-shim") == true && isOurs(arguments)
            })
    }

    private func children(of parents: Set<pid_t>) -> Set<pid_t> {
        Set(
            Files.names(in: "/proc").compactMap { pid_t($0) }.filter { pid in
                // Behind the name, which may have blanks and brackets: state, then parent.
                let fields = (Files.text("/proc/\(pid)/stat") ?? "").split(separator: ")").last?.split(separator: " ")
                guard let fields, fields.count > 1, let parent = pid_t(fields[1]) else { return false }
                return parents.contains(parent)
            })
    }
}

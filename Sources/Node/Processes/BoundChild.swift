internal import LinuxShims
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A child process that ends with this one: the kernel sends it SIGTERM when this process goes, however it goes.
package final class BoundChild: Sendable {
    private let program: String
    private let arguments: [String]
    private let logPath: String
    private let child = Mutex<pid_t?>(nil)

    /// A child that will run the program at `program`; its output is appended to the file `logPath`.
    package init(program: String, arguments: [String], logPath: String) {
        self.program = program
        self.arguments = arguments
        self.logPath = logPath
    }

    /// The running child's process id.
    package var processID: Int32? { child.withLock { $0 } }

    /// Starts the child and returns its exit status when it has ended (128 + signal when a signal ended it).
    package func run() async throws(ProgramError) -> Int {
        // The thread lives as long as the child, because the child's death signal follows the thread.
        let result = await BlockingThread.run { self.runOnThisThread() }
        return try result.get()
    }

    /// Sends the running child a signal.
    package func signal(_ number: Int32) {
        child.withLock { if let pid = $0 { kill(pid, number) } }
    }

    private func runOnThisThread() -> Result<Int, ProgramError> {
        let log = open(logPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard log >= 0 else { return .failure(.notStarted(program, reason: "\(logPath): \(systemErrorText(errno))")) }
        let pid = child.withLock { current in
            let pid = CArguments.with([program] + arguments) { ordinal_spawn_bound(program, $0, log, SIGTERM) }
            current = pid > 0 ? pid : nil
            return pid
        }
        close(log)
        guard pid > 0 else { return .failure(.notStarted(program, reason: systemErrorText(-pid))) }
        var information = siginfo_t()
        // Look without reaping first: the pid stays ours until `signal` can no longer see it.
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        child.withLock { $0 = nil }
        return .success(ChildExit.wait(for: pid))
    }
}

internal import LinuxShims
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A child process that ends with this one: the kernel sends it SIGTERM when this process goes, however it goes.
package final class BoundChild: Sendable {
    /// How long a cancelled child may take to end before it is killed.
    package static let patience = Duration.seconds(10)

    private struct State {
        var running: pid_t?
        var isCancelled = false
    }

    private let program: String
    private let arguments: [String]
    private let logPath: String
    private let state = Mutex(State())

    /// A child that will run the program at `program`; its output is appended to the file `logPath`.
    package init(program: String, arguments: [String], logPath: String) {
        self.program = program
        self.arguments = arguments
        self.logPath = logPath
    }

    /// The running child's process id.
    package var processID: Int32? { state.withLock { $0.running } }

    /// Starts the child and returns its exit status when it has ended (128 + signal when a signal ended it). May be called
    /// again after that. Cancelling sends it SIGTERM, and SIGKILL after `patience`; then it cannot be run again.
    package func run() async throws(ProgramError) -> Int {
        let result = await withTaskCancellationHandler {
            // The thread lives as long as the child, because the child's death signal follows the thread.
            await BlockingThread.run { self.runOnThisThread() }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    /// Sends the running child a signal.
    package func signal(_ number: Int32) {
        state.withLock { if let pid = $0.running { kill(pid, number) } }
    }

    private func cancel() {
        let isRunning = state.withLock { state in
            state.isCancelled = true
            return state.running != nil
        }
        guard isRunning else { return }
        signal(SIGTERM)
        BlockingThread.start {
            sleep(UInt32(Self.patience.components.seconds))
            self.signal(SIGKILL)
        }
    }

    private func runOnThisThread() -> Result<Int, ProgramError> {
        let log = open(logPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard log >= 0 else { return .failure(.notStarted(program, reason: "\(logPath): \(systemErrorText(errno))")) }
        let pid = state.withLock { state -> pid_t in
            if state.isCancelled { return -ECANCELED }
            let pid = CArguments.with([program] + arguments) { ordinal_spawn_bound(program, $0, log, SIGTERM) }
            state.running = pid > 0 ? pid : nil
            return pid
        }
        close(log)
        guard pid > 0 else { return .failure(.notStarted(program, reason: systemErrorText(-pid))) }
        var information = siginfo_t()
        // Look without reaping first: the pid stays the child's until `signal` can no longer see it.
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        state.withLock { $0.running = nil }
        return .success(ChildExit.wait(for: pid))
    }
}

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A program of the system that Ordinal runs, and where Debian has it.
package struct SystemProgram: Sendable, Hashable {
    /// The file's name, such as `nft`.
    package let name: String
    /// The Debian package that brings it.
    package let debianPackage: String

    /// A program.
    package init(name: String, debianPackage: String) {
        self.name = name
        self.debianPackage = debianPackage
    }

    /// The program's path; looks along PATH and then where Debian keeps administration programs.
    package func path() throws(ProgramError) -> String {
        let listed = getenv("PATH").map { String(cString: $0) } ?? ""
        let folders = listed.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        for folder in folders where access("\(folder)/\(name)", X_OK) == 0 { return "\(folder)/\(name)" }
        throw .missing(self)
    }
}

/// Why a program did not do its work.
package enum ProgramError: Error, Sendable, Hashable, CustomStringConvertible {
    /// It is not installed.
    case missing(SystemProgram)
    /// It could not be started.
    case notStarted(String, reason: String)
    /// It ended with an error.
    case failed(command: String, status: Int, message: String)
    /// It did not end in time and was killed.
    case timedOut(command: String)

    package var description: String {
        switch self {
        case .missing(let program):
            "the program \"\(program.name)\" was not found; install it with: "
                + "apt-get install \(program.debianPackage)"
        case .notStarted(let command, let reason): "\"\(command)\" could not be started: \(reason)"
        case .failed(let command, let status, let message): "\"\(command)\" ended with status \(status): \(message)"
        case .timedOut(let command): "\"\(command)\" did not end in time"
        }
    }
}

/// The message of the last failed system call.
package func systemErrorText(_ code: Int32) -> String { String(cString: strerror(code)) }

extension SystemProgram {
    /// Runs the program to its end with `input` on its standard input and returns its output; past 1 MiB the rest of
    /// the output is dropped. A status other than 0 is an error. After `timeout` it is killed.
    @discardableResult
    package func run(
        _ arguments: [String], input: String = "", timeout: Duration = .seconds(60)
    ) async throws(ProgramError) -> String {
        let path = try path()
        let command = ([name] + arguments).joined(separator: " ")
        let milliseconds = Int(timeout.components.seconds) * 1000
        let result = await BlockingThread.run {
            ChildRun(path: path, arguments: [name] + arguments, command: command).complete(
                input: input, timeoutMilliseconds: milliseconds)
        }
        return try result.get()
    }
}

/// One run of a program, on a thread that may block.
private struct ChildRun {
    static let outputLimit = 1 << 20
    let path: String
    let arguments: [String]
    let command: String

    func complete(input: String, timeoutMilliseconds: Int) -> Result<String, ProgramError> {
        guard let stdin = InputFile.holding(input) else { return .failure(notStarted(errno)) }
        defer { close(stdin) }
        var out: [Int32] = [-1, -1]
        var err: [Int32] = [-1, -1]
        guard pipe(&out) == 0 else { return .failure(notStarted(errno)) }
        defer { close(out[0]) }
        guard pipe(&err) == 0 else {
            defer { close(out[1]) }
            return .failure(notStarted(errno))
        }
        defer { close(err[0]) }
        for descriptor in out + err { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var child: pid_t = 0
        let code = spawn(&child, [stdin, out[1], err[1]])
        close(out[1])
        close(err[1])
        guard code == 0 else { return .failure(notStarted(code)) }
        let output = drain([out[0], err[0]], timeoutMilliseconds: timeoutMilliseconds)
        if output == nil { kill(child, SIGKILL) }
        let status = wait(for: child)
        guard let output else { return .failure(.timedOut(command: command)) }
        guard status == 0 else {
            let message = output[1].isEmpty ? output[0] : output[1]
            return .failure(.failed(command: command, status: status, message: message))
        }
        return .success(output[0])
    }

    private func notStarted(_ code: Int32) -> ProgramError { .notStarted(command, reason: systemErrorText(code)) }

    private func spawn(_ child: inout pid_t, _ descriptors: [Int32]) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(target))
        }
        return CArguments.with(arguments) { posix_spawn(&child, path, &actions, nil, $0, environ) }
    }

    /// Reads all descriptors to their ends; nil when that takes too long.
    private func drain(_ descriptors: [Int32], timeoutMilliseconds: Int) -> [String]? {
        var collected = descriptors.map { _ in [UInt8]() }
        var open = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let deadline = Self.now() + timeoutMilliseconds
        while open.contains(where: { $0.fd >= 0 }) {
            let left = deadline - Self.now()
            guard left > 0 else { return nil }
            guard poll(&open, nfds_t(open.count), Int32(left)) > 0 else { continue }
            for index in open.indices where open[index].fd >= 0 && open[index].revents != 0 {
                if !Self.readSome(open[index].fd, into: &collected[index]) { open[index].fd = -1 }
            }
        }
        return collected.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func readSome(_ descriptor: Int32, into collected: inout [UInt8]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16384)
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0 { return errno == EINTR || errno == EAGAIN }
        if count > 0, collected.count < outputLimit { collected.append(contentsOf: buffer[..<count]) }
        return count > 0
    }

    private func wait(for child: pid_t) -> Int { ChildExit.wait(for: child) }

    private static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int(time.tv_sec) * 1000 + Int(time.tv_nsec) / 1_000_000
    }
}

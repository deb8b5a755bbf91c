internal import APIProtocol
internal import NIOCore
internal import NIOPosix
internal import NodeInterfaces
internal import SwiftProtobuf
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A command in a container, through containerd's tasks service and named pipes (CRI's own way over HTTP cannot end
/// standard input).
///
/// `close` ends a command that still runs: with a terminal by SIGHUP, as a lost line does, else by SIGKILL, since nobody
/// reads its pipes any more.
final class ContainerdExecSession: ExecSession {
    /// How long a closed session waits for its command to end.
    private static let longestExit = Duration.seconds(2)

    private struct State {
        var stdin: (any Channel)?
        var hasExited = false
        var isFinished = false
        var isClosed = false
    }

    private let connection: ContainerdConnection
    private let containerID: String
    /// What containerd knows the command as.
    let execID: String
    private let tty: Bool
    private let pipes: ExecPipes
    private let queue: ExecOutputQueue
    private let state: Mutex<State>
    private let outputs: [any Channel]

    private init(
        connection: ContainerdConnection, containerID: String, execID: String, tty: Bool, pipes: ExecPipes,
        queue: ExecOutputQueue, stdin: (any Channel)?, outputs: [any Channel]
    ) {
        self.connection = connection
        self.containerID = containerID
        self.execID = execID
        self.tty = tty
        self.pipes = pipes
        self.queue = queue
        self.outputs = outputs
        state = Mutex(State(stdin: stdin))
    }

    func receive() async throws -> ExecOutput? {
        if let output = await queue.next() { return output }
        let isFinished = state.withLock { state in
            defer { state.isFinished = true }
            return state.isFinished || state.isClosed
        }
        if isFinished { return nil }
        try Task.checkCancellation()
        let answer = try await connection.tasks.wait(
            .with {
                $0.containerID = containerID
                $0.execID = execID
            }, metadata: ContainerdConnection.metadata)
        state.withLock { $0.hasExited = true }
        let code = Int(answer.exitStatus)
        return .exit(
            code: code, message: code == 0 ? "" : "command terminated with non-zero exit code: exit status \(code)")
    }

    func send(_ input: ExecInput) async throws {
        switch input {
        case .stdin(let bytes): await write(bytes)
        case .endOfInput: await endInput()
        case .resize(let width, let height):
            // One that has just ended has no size.
            _ = try? await connection.tasks.resizePty(
                .with {
                    $0.containerID = containerID
                    $0.execID = execID
                    $0.width = UInt32(clamping: width)
                    $0.height = UInt32(clamping: height)
                }, metadata: ContainerdConnection.metadata, options: ContainerdConnection.options(.readCall))
        }
    }

    private func write(_ bytes: [UInt8]) async {
        guard let channel = state.withLock({ $0.stdin }) else { return }
        do {
            // The write completes when the shim has taken it, so a command that does not read makes us wait.
            try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
        } catch {
            // The command has ended or has closed its input: what it has not read has nowhere to go.
            state.withLock { $0.stdin = nil }
            try? await channel.close()
        }
    }

    func close() async {
        let (isFirst, stdin, hasExited) = state.withLock { state in
            defer {
                state.isClosed = true
                state.stdin = nil
            }
            return (!state.isClosed, state.stdin, state.hasExited)
        }
        guard isFirst else { return }
        if !hasExited {
            await signal(tty ? SIGHUP : SIGKILL)
            await waitForExit()
        }
        for channel in outputs + (stdin.map { [$0] } ?? []) { try? await channel.close() }
        await Self.delete(connection, containerID, execID)
        pipes.remove()
    }

    private func endInput() async {
        let channel = state.withLock { state in
            defer { state.stdin = nil }
            return state.stdin
        }
        guard let channel else { return }
        try? await channel.close()
        // The shim holds the pipe open too, until it is told; it forgets it when the command ends.
        _ = try? await connection.tasks.closeIO(
            .with {
                $0.containerID = containerID
                $0.execID = execID
                $0.stdin = true
            }, metadata: ContainerdConnection.metadata, options: ContainerdConnection.options(.readCall))
    }

    private func signal(_ number: Int32) async {
        // A command that has just ended cannot be signalled, which is as good.
        _ = try? await connection.tasks.kill(
            .with {
                $0.containerID = containerID
                $0.execID = execID
                $0.signal = UInt32(number)
            }, metadata: ContainerdConnection.metadata, options: ContainerdConnection.options(.readCall))
    }

    /// containerd deletes only what has ended. One that ignores SIGHUP stays there until its container goes.
    private func waitForExit() async {
        _ = try? await connection.tasks.wait(
            .with {
                $0.containerID = containerID
                $0.execID = execID
            }, metadata: ContainerdConnection.metadata, options: ContainerdConnection.options(Self.longestExit))
    }

    private static func delete(_ connection: ContainerdConnection, _ containerID: String, _ execID: String) async {
        // One that still runs is deleted by containerd with its container.
        _ = try? await connection.tasks.deleteProcess(
            .with {
                $0.containerID = containerID
                $0.execID = execID
            }, metadata: ContainerdConnection.metadata, options: ContainerdConnection.options(.readCall))
    }
}

extension ContainerdExecSession {
    /// Starts a command; `specification` is its OCI process.
    static func start(
        _ request: ExecRequest, containerID: String, execID: String, specification: [UInt8],
        connection: ContainerdConnection, directory: String
    ) async throws -> ContainerdExecSession {
        let pipes = try ExecPipes.make(
            in: directory, id: execID, stdin: request.stdin, stderr: !request.tty)
        do {
            return try await start(request, containerID, execID, specification, connection, pipes)
        } catch {
            pipes.remove()
            throw error
        }
    }

    private static func start(
        _ request: ExecRequest, _ containerID: String, _ execID: String, _ specification: [UInt8],
        _ connection: ContainerdConnection, _ pipes: ExecPipes
    ) async throws -> ContainerdExecSession {
        var opened: [PipeEnds] = []
        do {
            for path in [pipes.stdout, pipes.stderr] where !path.isEmpty {
                opened.append(try PipeEnds(path, reading: true))
            }
            if request.stdin { opened.append(try PipeEnds(pipes.stdin, reading: false)) }
            try await launch(containerID, execID, specification, connection, pipes, tty: request.tty)
        } catch {
            for ends in opened { ends.closeAll() }
            throw error
        }
        for ends in opened { ends.release() }
        let stdin = request.stdin ? opened.removeLast() : nil
        let queue = ExecOutputQueue(pipes: opened.count)
        var outputs: [any Channel] = []
        for (index, ends) in opened.enumerated() {
            outputs.append(try await channel(reading: ends.used, isError: index == 1, into: queue))
        }
        let group = MultiThreadedEventLoopGroup.singleton
        let input = try await stdin.flatMap { ends in
            NIOPipeBootstrap(group: group).takingOwnershipOfDescriptor(output: ends.used)
        }?.get()
        return ContainerdExecSession(
            connection: connection, containerID: containerID, execID: execID, tty: request.tty, pipes: pipes,
            queue: queue, stdin: input, outputs: outputs)
    }

    private static func channel(
        reading descriptor: Int32, isError: Bool, into queue: ExecOutputQueue
    ) async throws -> any Channel {
        let channel = try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let reader = ExecPipeReader(queue) { isError ? .stderr($0) : .stdout($0) }
                    try channel.pipeline.syncOperations.addHandler(reader)
                }
            }
            .takingOwnershipOfDescriptor(input: descriptor).get()
        queue.add(channel)
        return channel
    }

    private static func launch(
        _ containerID: String, _ execID: String, _ specification: [UInt8], _ connection: ContainerdConnection,
        _ pipes: ExecPipes, tty: Bool
    ) async throws {
        let options = ContainerdConnection.options(.usualCall)
        _ = try await connection.tasks.exec(
            .with {
                $0.containerID = containerID
                $0.execID = execID
                $0.stdin = pipes.stdin
                $0.stdout = pipes.stdout
                $0.stderr = pipes.stderr
                $0.terminal = tty
                $0.spec.typeURL = ContainerProcess.typeURL
                $0.spec.value.append(contentsOf: specification)
            }, metadata: ContainerdConnection.metadata, options: options)
        do {
            _ = try await connection.tasks.start(
                .with {
                    $0.containerID = containerID
                    $0.execID = execID
                }, metadata: ContainerdConnection.metadata, options: options)
        } catch {
            await delete(connection, containerID, execID)
            throw error
        }
    }
}

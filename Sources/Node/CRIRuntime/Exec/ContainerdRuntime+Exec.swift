package import APIProtocol
package import NodeInterfaces
internal import SwiftProtobuf

extension ContainerdRuntime {
    /// The longest output of `execSync` in bytes.
    private static let outputLimit = 10 << 10

    /// Runs a command to its end; `timedOut` after `timeout`, rounded up to whole seconds.
    package func execSync(
        _ containerID: String, command: [String], timeout: Duration
    ) async throws(RuntimeError) -> CommandResult {
        let seconds = timeout.components.seconds + (timeout.components.attoseconds > 0 ? 1 : 0)
        let answer = try await connection.call("ExecSync") { connection in
            try await connection.runtime.execSync(
                .with {
                    $0.containerID = containerID
                    $0.cmd = command
                    $0.timeout = max(1, seconds)
                }, options: ContainerdConnection.options(timeout + .readCall))
        }
        let output = Array((answer.stdout + answer.stderr).prefix(Self.outputLimit))
        return CommandResult(exitCode: Int(answer.exitCode), output: String(decoding: output, as: UTF8.self))
    }

    /// Starts a command with streams; `failed` when the container does not run.
    package func exec(_ containerID: String, _ request: ExecRequest) async throws(RuntimeError) -> any ExecSession {
        let status = try await connection.call("ContainerStatus") { connection in
            try await connection.runtime.containerStatus(
                .with {
                    $0.containerID = containerID
                    $0.verbose = true
                }, options: ContainerdConnection.options(.readCall))
        }
        guard status.status.state == .containerRunning else {
            throw .failed("exec: container is not running")
        }
        let info = status.info["info"] ?? ""
        guard
            let specification = ContainerProcess.specification(
                info: info, command: request.command, tty: request.tty)
        else { throw .failed("exec: containerd did not tell the container's process") }
        let execID = "ordinal-" + String(UInt64.random(in: .min ... .max), radix: 16)
        return try await connection.call("Exec") { connection in
            try await ContainerdExecSession.start(
                request, containerID: containerID, execID: execID, specification: specification,
                connection: connection, directory: execDirectory)
        }
    }
}

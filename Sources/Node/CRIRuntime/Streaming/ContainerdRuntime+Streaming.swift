package import APIProtocol
package import NodeInterfaces
internal import SwiftProtobuf

extension ContainerdRuntime {
    /// Connects to a running container's first process; `failed` when the container does not run.
    package func attach(
        _ containerID: String, _ request: AttachRequest, tty: Bool
    ) async throws(RuntimeError) -> any ExecSession {
        try await connection.call("Attach") { connection in
            let answer = try await connection.runtime.attach(
                .with {
                    $0.containerID = containerID
                    $0.stdin = request.stdin
                    $0.stdout = request.stdout
                    $0.stderr = request.stderr && !tty
                    $0.tty = tty
                }, options: ContainerdConnection.options(.readCall))
            guard let url = StreamingURL(answer.url) else {
                throw RuntimeError.failed("attach: containerd's address \(answer.url) is none")
            }
            return try await ContainerdAttachSession.start(request, tty: tty, url: url)
        }
    }

    /// Connects to a TCP port in a sandbox's network; that nobody listens there is told by the connection.
    package func portForward(
        _ sandboxID: String, port: Int
    ) async throws(RuntimeError) -> any ForwardedConnection {
        try await connection.call("PortForward") { connection in
            let answer = try await connection.runtime.portForward(
                .with {
                    $0.podSandboxID = sandboxID
                    $0.port = [Int32(clamping: port)]
                }, options: ContainerdConnection.options(.readCall))
            guard let url = StreamingURL(answer.url) else {
                throw RuntimeError.failed("port-forward: containerd's address \(answer.url) is none")
            }
            return try await ContainerdForwardedConnection.start(port: port, url: url)
        }
    }
}

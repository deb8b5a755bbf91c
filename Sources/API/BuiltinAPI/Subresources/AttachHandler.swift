package import APIProtocol
package import APIServer
package import ObjectModel

/// `GET` and `POST …/pods/NAME/attach`: shows and feeds a container's first process over a WebSocket or SPDY. Both need
/// the verb `create`. Failures of the node are told on the status channel, as `ExecHandler` does.
package struct AttachHandler: SubresourceHandler {
    private let nodes: any NodeDirectory

    /// The handler.
    package init(nodes: any NodeDirectory) { self.nodes = nodes }

    /// Input changes its container, whatever the method.
    package var requiredVerb: String? { "create" }

    /// A process runs for as long as it likes.
    package var isLongRunning: Bool { true }

    /// Answers with the upgrade; 400 when it cannot be one.
    package func handle(_ call: SubresourceCall) async throws(APIStatus) -> APIResponse {
        let target = try await PodTarget.find(call)
        let tty = call.request.queryFlag("tty")
        let wanted = AttachRequest(
            pod: target.pod, podUID: target.uid, container: target.container, stdin: call.request.queryFlag("stdin"),
            stdout: call.request.queryFlag("stdout"), stderr: call.request.queryFlag("stderr") && !tty)
        guard wanted.stdin || wanted.stdout || wanted.stderr else {
            throw .badRequest("you must specify at least 1 of stdin, stdout, stderr")
        }
        guard !target.node.isEmpty else {
            throw .badRequest("pod \(call.name) does not have a host assigned")
        }
        let connection = try await target.connection(nodes)
        let streams = RemoteCommandUpgrade.Streams(
            stdin: wanted.stdin, stdout: wanted.stdout, stderr: wanted.stderr, tty: tty)
        return try RemoteCommandUpgrade.response(to: call, streams) { channel in
            await ExecHandler.talk(channel) { () async throws(APIStatus) in try await connection.attach(wanted) }
        }
    }
}

package import APIProtocol
package import APIServer
package import ObjectModel

/// `GET` and `POST …/pods/NAME/exec`: runs a command over a WebSocket or SPDY. Both need the verb `create`.
///
/// Failures of the node are told on the status channel: before the upgrade they would make kubectl try the other wire,
/// and hide the reason.
package struct ExecHandler: SubresourceHandler {
    private let nodes: any NodeDirectory

    /// The handler.
    package init(nodes: any NodeDirectory) { self.nodes = nodes }

    /// A command changes its container, whatever the method.
    package var requiredVerb: String? { "create" }

    /// A command runs for as long as it likes.
    package var isLongRunning: Bool { true }

    /// Answers with the upgrade; 400 when it cannot be one.
    package func handle(_ call: SubresourceCall) async throws(APIStatus) -> APIResponse {
        let target = try await PodTarget.find(call)
        let wanted = try Self.wanted(call.request, target)
        guard !target.node.isEmpty else {
            throw .badRequest("pod \(call.name) does not have a host assigned")
        }
        let connection = try await target.connection(nodes)
        let streams = RemoteCommandUpgrade.Streams(
            stdin: wanted.stdin, stdout: wanted.stdout, stderr: wanted.stderr, tty: wanted.tty)
        return try RemoteCommandUpgrade.response(to: call, streams) { channel in
            await Self.talk(channel) { () async throws(APIStatus) in try await connection.exec(wanted) }
        }
    }

    /// Reads the query (PodExecOptions).
    static func wanted(_ request: APIRequest, _ target: PodTarget) throws(APIStatus) -> ExecRequest {
        let tty = request.queryFlag("tty")
        let exec = ExecRequest(
            pod: target.pod, podUID: target.uid, container: target.container, command: request.queryValues("command"),
            stdin: request.queryFlag("stdin"), stdout: request.queryFlag("stdout"),
            stderr: request.queryFlag("stderr") && !tty, tty: tty)
        guard !exec.command.isEmpty else {
            throw .badRequest("you must specify at least one command for the container")
        }
        guard exec.stdin || exec.stdout || exec.stderr else {
            throw .badRequest("you must specify at least 1 of stdin, stdout, stderr")
        }
        return exec
    }

    /// Carries messages between the client and what `start` starts until either ends.
    static func talk(
        _ channel: any MessageChannel, _ start: () async throws(APIStatus) -> any ExecSession
    ) async {
        let session: any ExecSession
        do throws(APIStatus) {
            session = try await start()
        } catch {
            return await channel.close(sending: RemoteCommandFraming.message(error))
        }
        // Nothing here is cancelled: a session that is closing still has calls to make. All end with the channel.
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await pumpInput(channel, session) }
            group.addTask {
                // Seen even while the command takes no input, and so nothing is received.
                await channel.untilClosed()
                await session.close()
            }
            await pumpOutput(channel, session)
            await session.close()
            await channel.close()
        }
    }

    /// Ends the session only when the client has gone: a command that takes no more input works on, and its output and
    /// exit code are still to come.
    private static func pumpInput(_ channel: any MessageChannel, _ session: any ExecSession) async {
        while let message = try? await channel.receive() {
            guard let input = RemoteCommandFraming.input(message) else { continue }
            try? await session.send(input)
        }
        await session.close()
    }

    private static func pumpOutput(_ channel: any MessageChannel, _ session: any ExecSession) async {
        do {
            while let output = try await session.receive() {
                try await channel.send(RemoteCommandFraming.message(output))
                if case .exit = output { return }
            }
        } catch {
            try? await channel.send(
                RemoteCommandFraming.message(ExecOutput.exit(code: nil, message: "the command was lost: \(error)")))
        }
    }
}

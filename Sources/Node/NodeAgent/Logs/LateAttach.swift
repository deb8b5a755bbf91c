internal import APIProtocol
internal import ControllerRuntime
internal import NodeInterfaces
internal import Synchronization

/// An attached session that tells when it came too late: the container ended at once, and all that it wrote is in its
/// log. Then the session ends with a failure, for which kubectl shows the log; a silent success would lose the output of
/// `kubectl run -i`.
final class LateAttach: ExecSession {
    /// How soon after the attaching an end without output is too soon.
    private static let soon = Duration.seconds(2)

    private let session: any ExecSession
    private let container: ContainerState
    private let pod: String
    private let clock: ControlClock
    private let started: Duration
    private let hasOutput = Mutex(false)

    init(_ session: any ExecSession, container: ContainerState, pod: String, clock: ControlClock) {
        self.session = session
        self.container = container
        self.pod = pod
        self.clock = clock
        started = clock.uptime()
    }

    func receive() async throws -> ExecOutput? {
        let output = try await session.receive()
        switch output {
        case .stdout, .stderr: hasOutput.withLock { $0 = true }
        case .exit(code: 0, _) where cameTooLate:
            return .exit(
                code: nil,
                message:
                    "container \(container.name) in pod \(pod) ended before its output could be read; its log has it")
        case .exit, nil: break
        }
        return output
    }

    private var cameTooLate: Bool {
        !hasOutput.withLock({ $0 }) && clock.uptime() - started < Self.soon
            && HostFiles.size(container.logPath) ?? 0 > 0
    }

    func send(_ input: ExecInput) async throws { try await session.send(input) }
    func close() async { await session.close() }
}

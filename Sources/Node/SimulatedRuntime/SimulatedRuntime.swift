package import APIProtocol
package import NodeInterfaces
package import ObjectModel
internal import Synchronization
internal import Timers

/// A runtime in which nothing runs: pods pretend to. Every image is present, commands succeed without output.
///
/// For `ordinal up --runtime simulated`, for rehearsals and for tests. Its state ends with the process.
package final class SimulatedRuntime: ContainerRuntime {
    private struct State {
        var node: SimulatedNode
        var listeners: [Int: AsyncStream<RuntimeEvent>.Continuation] = [:]
        var nextListener = 0
    }

    private static let undeliveredEvents = 1024
    private let state: Mutex<State>
    private let hostAddress: String
    private let startDelay: Duration
    private let stopDelay: Duration
    private let now: @Sendable () -> Timestamp
    private let sleep: @Sendable (Duration) async throws -> Void

    /// A node whose pods get addresses from `range`. A container takes `startDelay` to start, and `stopDelay` to end, but
    /// no longer than its grace.
    package init(
        range: IPv4Range, hostAddress: String, startDelay: Duration = .zero, stopDelay: Duration = .zero,
        now: @escaping @Sendable () -> Timestamp = Timestamp.systemNow,
        sleep: @escaping @Sendable (Duration) async throws -> Void = {
            try await SleepQueue.shared.sleep(for: $0)
        }
    ) {
        state = Mutex(State(node: SimulatedNode(range: range, startDelay: startDelay)))
        self.hostAddress = hostAddress
        self.startDelay = startDelay
        self.stopDelay = stopDelay
        self.now = now
        self.sleep = sleep
    }

    package func version() async throws(RuntimeError) -> String { "simulated://1.0" }
    package func pods() async throws(RuntimeError) -> [String: RuntimePod] { state.withLock { $0.node.pods } }
    package func pod(uid: String) async throws(RuntimeError) -> RuntimePod {
        state.withLock { $0.node.pod(uid: uid) }
    }

    package func image(_ reference: String) async throws(RuntimeError) -> ImageStatus? { Self.image(named: reference) }
    package func pull(_ reference: String) async throws(RuntimeError) -> ImageStatus { Self.image(named: reference) }
    package func images() async throws(RuntimeError) -> [ImageStatus] { [] }

    private static func image(named reference: String) -> ImageStatus {
        ImageStatus(id: "simulated@\(reference)", names: [reference], size: 0)
    }

    package func sandbox(_ id: String) async throws(RuntimeError) -> SandboxStatus? {
        state.withLock { $0.node.sandbox(id) }
    }

    package func container(
        _ id: String, in sandbox: SandboxStatus
    ) async throws(RuntimeError) -> ContainerState? {
        state.withLock { $0.node.container(id) }
    }

    package func runSandbox(_ config: SandboxConfig) async throws(RuntimeError) -> String {
        let time = now()
        let made = state.withLock { state in
            Result { () throws(RuntimeError) in
                try state.node.runSandbox(config, hostAddress: hostAddress, at: time)
            }
        }
        let id = try made.get()
        publish(config.pod.uid)
        return id
    }

    package func stopSandbox(_ id: String) async throws(RuntimeError) {
        let time = now()
        let uid = state.withLock { state in
            state.node.stopSandbox(id, at: time)
            return state.node.podUID(ofSandbox: id)
        }
        publish(uid)
    }

    package func removeSandbox(_ id: String) async throws(RuntimeError) {
        let time = now()
        let uid = state.withLock { state in
            let uid = state.node.podUID(ofSandbox: id)
            state.node.removeSandbox(id, at: time)
            return uid
        }
        publish(uid)
    }

    package func createContainer(
        _ config: ContainerConfig, sandbox id: String, sandboxConfig: SandboxConfig
    ) async throws(RuntimeError) -> String {
        let time = now()
        return try state.withLock { state in
            Result { () throws(RuntimeError) in try state.node.createContainer(config, sandbox: id, at: time) }
        }.get()
    }

    package func startContainer(_ id: String) async throws(RuntimeError) {
        if startDelay > .zero {
            do {
                try await sleep(startDelay)
            } catch {
                throw .timedOut("the start of \(id) was cancelled")
            }
        }
        let time = now()
        let started = state.withLock { state in
            Result { () throws(RuntimeError) in
                try state.node.startContainer(id, at: time)
                return state.node.podUID(ofContainer: id)
            }
        }
        publish(try started.get())
    }

    package func stopContainer(_ id: String, grace: Duration) async throws(RuntimeError) {
        let wait = min(stopDelay, grace)
        if wait > .zero, state.withLock({ $0.node.isRunning(id) }) {
            do {
                try await sleep(wait)
            } catch {
                throw .timedOut("the stop of \(id) was cancelled")
            }
        }
        let time = now()
        let uid = state.withLock { state in
            state.node.stopContainer(id, at: time)
            return state.node.podUID(ofContainer: id)
        }
        publish(uid)
    }

    package func removeContainer(_ id: String) async throws(RuntimeError) {
        state.withLock { $0.node.removeContainer(id) }
    }

    package func reopenLog(_ id: String) async throws(RuntimeError) {}

    package func execSync(
        _ containerID: String, command: [String], timeout: Duration
    ) async throws(RuntimeError) -> CommandResult {
        guard state.withLock({ $0.node.isRunning(containerID) }) else { throw .notFound("container \(containerID)") }
        return CommandResult(exitCode: 0, output: "")
    }

    package func exec(
        _ containerID: String, _ request: ExecRequest
    ) async throws(RuntimeError) -> any ExecSession {
        throw .failed("this node is simulated: nothing runs in its containers")
    }

    package func attach(
        _ containerID: String, _ request: AttachRequest, tty: Bool
    ) async throws(RuntimeError) -> any ExecSession {
        throw .failed("this node is simulated: nothing runs in its containers")
    }

    package func portForward(
        _ sandboxID: String, port: Int
    ) async throws(RuntimeError) -> any ForwardedConnection {
        throw .failed("this node is simulated: nothing listens in its pods")
    }

    /// What happens from now on; at 1,024 undelivered events the oldest are dropped and one without a uid is added.
    package func events() async throws(RuntimeError) -> AsyncStream<RuntimeEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: RuntimeEvent.self, bufferingPolicy: .bufferingNewest(Self.undeliveredEvents))
        let id = state.withLock { state in
            state.nextListener += 1
            state.listeners[state.nextListener] = continuation
            return state.nextListener
        }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.listeners[id] = nil } }
        return stream
    }

    private func publish(_ podUID: String?) {
        let listeners = state.withLock { Array($0.listeners.values) }
        for listener in listeners {
            if case .dropped = listener.yield(RuntimeEvent(podUID: podUID)) {
                // Something was lost: the reader looks at every pod.
                listener.yield(RuntimeEvent(podUID: nil))
            }
        }
    }
}

/// A prober for simulated pods: every probe succeeds.
package struct SimulatedProber: NetworkProber {
    /// A prober.
    package init() {}
    package func probe(_ probe: NetworkProbe, timeout: Duration) async -> ProbeResult { .success }
}

import APIProtocol
import NodeInterfaces
import SimulatedRuntime
import Synchronization

/// A simulated runtime whose stops fail while a test wants so, and that counts what is asked of it.
final class FaultyRuntime: ContainerRuntime {
    private struct State {
        /// How many stops still fail.
        var failingStops = 0
        var stoppedSandboxes: [String] = []
        var calls: [String] = []
        var graces: [Duration] = []
    }
    private let runtime: SimulatedRuntime
    private let state = Mutex(State())
    private let (refusals, refused) = AsyncStream.makeStream(of: Void.self)

    init(_ runtime: SimulatedRuntime) { self.runtime = runtime }

    func failStops(_ fails: Bool) { failStops(fails ? .max : 0) }
    /// The next `count` stops fail.
    func failStops(_ count: Int) { state.withLock { $0.failingStops = count } }
    var stoppedSandboxes: [String] { state.withLock { $0.stoppedSandboxes } }
    /// Stops and commands, in order.
    var calls: [String] { state.withLock { $0.calls } }
    /// The graces of containers that were stopped, in order.
    var graces: [Duration] { state.withLock { $0.graces } }
    /// Returns when so many stops have been refused from now on.
    func refuses(_ count: Int) async {
        var left = count
        for await _ in refusals {
            left -= 1
            if left <= 0 { return }
        }
    }

    private func mayStop() throws(RuntimeError) {
        let fails = state.withLock { state in
            if state.failingStops > 0 { state.failingStops -= 1 } else { return false }
            return true
        }
        guard fails else { return }
        refused.yield()
        throw .failed("this stop fails")
    }

    func stopSandbox(_ id: String) async throws(RuntimeError) {
        try mayStop()
        state.withLock {
            $0.stoppedSandboxes.append(id)
            $0.calls.append("stop sandbox")
        }
        try await runtime.stopSandbox(id)
    }
    func stopContainer(_ id: String, grace: Duration) async throws(RuntimeError) {
        try mayStop()
        await note("stop", id)
        state.withLock { $0.graces.append(grace) }
        try await runtime.stopContainer(id, grace: grace)
    }

    private func note(_ call: String, _ id: String, _ rest: [String] = []) async {
        let all = (try? await runtime.pods())?.values.flatMap(\.containers) ?? []
        let name = all.first { $0.id == id }?.name ?? id
        state.withLock { $0.calls.append(([call, name] + rest).joined(separator: " ")) }
    }

    // MARK: As they are

    func version() async throws(RuntimeError) -> String { try await runtime.version() }
    func pods() async throws(RuntimeError) -> [String: RuntimePod] { try await runtime.pods() }
    func pod(uid: String) async throws(RuntimeError) -> RuntimePod { try await runtime.pod(uid: uid) }
    func image(_ reference: String) async throws(RuntimeError) -> ImageStatus? { try await runtime.image(reference) }
    func pull(_ reference: String) async throws(RuntimeError) -> ImageStatus { try await runtime.pull(reference) }
    func images() async throws(RuntimeError) -> [ImageStatus] { try await runtime.images() }
    func sandbox(_ id: String) async throws(RuntimeError) -> SandboxStatus? { try await runtime.sandbox(id) }
    func container(_ id: String, in sandbox: SandboxStatus) async throws(RuntimeError) -> ContainerState? {
        try await runtime.container(id, in: sandbox)
    }
    func runSandbox(_ config: SandboxConfig) async throws(RuntimeError) -> String {
        try await runtime.runSandbox(config)
    }
    func removeSandbox(_ id: String) async throws(RuntimeError) { try await runtime.removeSandbox(id) }
    func createContainer(
        _ config: ContainerConfig, sandbox id: String, sandboxConfig: SandboxConfig
    ) async throws(RuntimeError) -> String {
        try await runtime.createContainer(config, sandbox: id, sandboxConfig: sandboxConfig)
    }
    func startContainer(_ id: String) async throws(RuntimeError) { try await runtime.startContainer(id) }
    func removeContainer(_ id: String) async throws(RuntimeError) { try await runtime.removeContainer(id) }
    func execSync(
        _ containerID: String, command: [String], timeout: Duration
    ) async throws(RuntimeError) -> CommandResult {
        await note("exec", containerID, command)
        return try await runtime.execSync(containerID, command: command, timeout: timeout)
    }
    func exec(_ containerID: String, _ request: ExecRequest) async throws(RuntimeError) -> any ExecSession {
        try await runtime.exec(containerID, request)
    }
    func reopenLog(_ id: String) async throws(RuntimeError) { try await runtime.reopenLog(id) }
    func attach(
        _ containerID: String, _ request: AttachRequest, tty: Bool
    ) async throws(RuntimeError) -> any ExecSession {
        try await runtime.attach(containerID, request, tty: tty)
    }
    func portForward(_ sandboxID: String, port: Int) async throws(RuntimeError) -> any ForwardedConnection {
        try await runtime.portForward(sandboxID, port: port)
    }
    func events() async throws(RuntimeError) -> AsyncStream<RuntimeEvent> { try await runtime.events() }
}

internal import APIProtocol
internal import NodeInterfaces
internal import ObjectModel

/// A machine's runtime as one run of its agent sees it: slow, failing, and without effect after a crash.
struct MachineHandle: ContainerRuntime {
    let machine: SimulatedMachine
    let link: Link
    let clock: VirtualClock
    let random: SeededRandom
    let rates: @Sendable () -> FaultRates

    private var runtime: any ContainerRuntime { machine.runtime }

    /// The end of a call: a process that is held up hears of it later.
    private func thawed<Reply>(_ reply: Reply) async -> Reply {
        await link.waitUntilThawed(clock)
        return reply
    }

    /// What may go wrong before a call.
    private func pass(_ call: String) async throws(RuntimeError) {
        let rates = rates()
        if random.chance(rates.runtimeDelay) {
            do {
                try await clock.sleep(random.duration(upTo: rates.longestRuntimeDelay))
            } catch {
                throw .timedOut("\(call) was cancelled")
            }
        }
        guard link.isAlive else { throw .unavailable("the agent has crashed") }
        if random.chance(rates.runtimeFailure) { throw .failed("\(call): drawn") }
    }

    func version() async throws(RuntimeError) -> String { try await runtime.version() }
    func pods() async throws(RuntimeError) -> [String: RuntimePod] {
        try await pass("ListPods")
        return await thawed(try await runtime.pods())
    }
    func pod(uid: String) async throws(RuntimeError) -> RuntimePod {
        guard link.isAlive else { throw .unavailable("the agent has crashed") }
        return try await runtime.pod(uid: uid)
    }
    func image(_ reference: String) async throws(RuntimeError) -> ImageStatus? { try await runtime.image(reference) }
    func pull(_ reference: String) async throws(RuntimeError) -> ImageStatus {
        try await pass("PullImage")
        return await thawed(try await runtime.pull(reference))
    }
    func images() async throws(RuntimeError) -> [ImageStatus] { try await runtime.images() }

    func sandbox(_ id: String) async throws(RuntimeError) -> SandboxStatus? {
        guard link.isAlive else { throw .unavailable("the agent has crashed") }
        return try await runtime.sandbox(id)
    }
    func container(_ id: String, in sandbox: SandboxStatus) async throws(RuntimeError) -> ContainerState? {
        guard link.isAlive else { throw .unavailable("the agent has crashed") }
        return try await runtime.container(id, in: sandbox)
    }

    func runSandbox(_ config: SandboxConfig) async throws(RuntimeError) -> String {
        try await pass("RunPodSandbox")
        return await thawed(try await runtime.runSandbox(config))
    }
    func stopSandbox(_ id: String) async throws(RuntimeError) {
        try await pass("StopPodSandbox")
        try await runtime.stopSandbox(id)
        machine.hasStopped(sandbox: id)
        await thawed(())
    }
    func removeSandbox(_ id: String) async throws(RuntimeError) {
        try await pass("RemovePodSandbox")
        try await runtime.removeSandbox(id)
        machine.hasStopped(sandbox: id)
        await thawed(())
    }

    func createContainer(
        _ config: ContainerConfig, sandbox id: String, sandboxConfig: SandboxConfig
    ) async throws(RuntimeError) -> String {
        try await pass("CreateContainer")
        let container = try await runtime.createContainer(config, sandbox: id, sandboxConfig: sandboxConfig)
        machine.created(container, config, sandbox: id)
        return await thawed(container)
    }
    func startContainer(_ id: String) async throws(RuntimeError) {
        try await pass("StartContainer")
        try await runtime.startContainer(id)
        machine.hasStarted(id)
        await thawed(())
    }
    func stopContainer(_ id: String, grace: Duration) async throws(RuntimeError) {
        try await pass("StopContainer")
        try await runtime.stopContainer(id, grace: grace)
        machine.hasStopped(id)
        await thawed(())
    }
    func reopenLog(_ id: String) async throws(RuntimeError) { try await runtime.reopenLog(id) }
    func removeContainer(_ id: String) async throws(RuntimeError) {
        try await pass("RemoveContainer")
        try await runtime.removeContainer(id)
        machine.hasStopped(id)
        await thawed(())
    }

    func execSync(
        _ containerID: String, command: [String], timeout: Duration
    ) async throws(RuntimeError) -> CommandResult {
        guard link.isAlive else { throw .unavailable("the agent has crashed") }
        let result = await thawed(try await runtime.execSync(containerID, command: command, timeout: timeout))
        return machine.isReady(containerID) ? result : CommandResult(exitCode: 1, output: "not ready")
    }
    func exec(_ containerID: String, _ request: ExecRequest) async throws(RuntimeError) -> any ExecSession {
        try await runtime.exec(containerID, request)
    }
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

internal import APIProtocol
internal import ControllerRuntime
internal import Kinds
internal import NodeInterfaces
internal import ObjectModel
internal import Synchronization

/// The API server's way to a node of the same process: logs from files, commands through the runtime.
final class LocalNodeConnection: NodeConnection {
    private let configuration: NodeAgentConfiguration
    private let runtime: any ContainerRuntime
    private let pods: ObjectCache<AgentPod>
    private let clock: ControlClock
    private let listeners = Mutex(Listeners())

    init(
        configuration: NodeAgentConfiguration, runtime: any ContainerRuntime, pods: ObjectCache<AgentPod>,
        clock: ControlClock
    ) {
        self.configuration = configuration
        self.runtime = runtime
        self.pods = pods
        self.clock = clock
    }

    // MARK: Logs

    func logs(_ request: LogRequest) async throws(APIStatus) -> ByteStream {
        let runtimePod = try await runtimePod(request.podUID)
        let state = try LogChoice.choose(request, in: runtimePod, waitingReason: waitingReason(request))
        if configuration.isSimulated {
            let text = "Node \(configuration.nodeName) is simulated: nothing runs here, so nothing is logged.\n"
            return ByteStream(once: Array(text.utf8))
        }
        return ContainerLogs.stream(
            request, path: path(of: state, request), ended: { await self.waitForEnd(of: state) })
    }

    private func path(of state: ContainerState, _ request: LogRequest) -> String {
        if !state.logPath.isEmpty { return state.logPath }
        let identity = PodIdentity(name: request.pod, uid: request.podUID)
        return PodPaths(pod: identity, configuration: configuration).log(state.name, attempt: state.attempt)
    }

    private func waitingReason(_ request: LogRequest) -> String? {
        let status = pods.object(request.pod)?.view.view.status
        let known = (status.map { $0.initContainerStatuses + $0.containerStatuses } ?? []).first {
            $0.name == request.container
        }
        if case .waiting(let reason, _) = known?.state { return reason }
        return nil
    }

    /// Returns when an instance runs no more, or when the task is cancelled.
    private func waitForEnd(of state: ContainerState) async {
        let signal = Signal()
        let number = listeners.withLock { $0.add(state.podUID, signal) }
        defer { listeners.withLock { $0.remove(number) } }
        while !Task.isCancelled, await isRunning(state) { await signal.wait() }
    }

    private func isRunning(_ state: ContainerState) async -> Bool {
        do throws(RuntimeError) {
            let now = try await runtime.pod(uid: state.podUID).containers.first { $0.id == state.id }
            return now.map(LogChoice.isRunning) ?? false
        } catch {
            return false
        }
    }

    /// Something happened to a pod, or (without a uid) perhaps to all: who follows its logs looks again.
    func wake(_ podUID: String?) {
        for signal in listeners.withLock({ $0.signals(of: podUID) }) { signal.give() }
    }

    private struct Listeners {
        private var entries: [Int: (pod: String, signal: Signal)] = [:]
        private var next = 0

        mutating func add(_ pod: String, _ signal: Signal) -> Int {
            next += 1
            entries[next] = (pod, signal)
            return next
        }

        mutating func remove(_ number: Int) { entries[number] = nil }

        func signals(of pod: String?) -> [Signal] {
            entries.values.filter { pod == nil || $0.pod == pod }.map(\.signal)
        }
    }

    private func runtimePod(_ podUID: String) async throws(APIStatus) -> RuntimePod {
        do throws(RuntimeError) {
            return try await runtime.pod(uid: podUID)
        } catch {
            throw .unavailable("node \(configuration.nodeName): \(error.text)")
        }
    }

    // MARK: Commands

    func exec(_ request: ExecRequest) async throws(APIStatus) -> any ExecSession {
        let container = try await runningContainer(request.container, of: request.pod, request.podUID)
        do throws(RuntimeError) {
            return try await runtime.exec(container.id, request)
        } catch {
            throw failure(error, of: "executing command in container")
        }
    }

    func attach(_ request: AttachRequest) async throws(APIStatus) -> any ExecSession {
        let container = try await runningContainer(request.container, of: request.pod, request.podUID)
        // A terminal is part of the container: what the client thinks of it does not count.
        let tty = pods.object(request.pod)?.view.container(request.container)?.tty ?? false
        do throws(RuntimeError) {
            let session = try await runtime.attach(container.id, request, tty: tty)
            return LateAttach(session, container: container, pod: request.pod.name, clock: clock)
        } catch {
            throw failure(error, of: "attaching to container")
        }
    }

    func portForward(_ request: PortForwardRequest) async throws(APIStatus) -> any ForwardedConnection {
        guard let sandbox = try await runtimePod(request.podUID).sandboxes.first(where: \.isReady) else {
            throw .badRequest("pod \(request.pod.name) is not running")
        }
        do throws(RuntimeError) {
            return try await runtime.portForward(sandbox.id, port: request.port)
        } catch {
            throw failure(error, of: "forwarding port \(request.port)")
        }
    }

    private func runningContainer(
        _ name: String, of pod: NamespacedName, _ podUID: String
    ) async throws(APIStatus) -> ContainerState {
        let newest = try await runtimePod(podUID).containers.first { $0.name == name }
        guard let newest, case .running = newest.phase else {
            if newest == nil, pods.object(pod) == nil {
                throw .notFound(GroupResource(group: "", resource: "pods"), name: pod.name)
            }
            throw .badRequest("container \(name) in pod \(pod.name) is not running")
        }
        return newest
    }

    private func failure(_ error: RuntimeError, of deed: String) -> APIStatus {
        if case .unavailable(let text) = error { return .unavailable("node \(configuration.nodeName): \(text)") }
        return .internalError("error \(deed): \(error.text)")
    }
}

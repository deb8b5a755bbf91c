internal import APIProtocol
internal import ControllerRuntime
internal import NodeInterfaces
internal import ObjectModel
internal import Synchronization

/// The API server's way to a node of the same process: logs from files, commands through the runtime.
final class LocalNodeConnection: NodeConnection {
    private let configuration: NodeAgentConfiguration
    private let runtime: any ContainerRuntime
    private let pods: ObjectCache<AgentPod>
    private let followers = LogFollowers()

    init(configuration: NodeAgentConfiguration, runtime: any ContainerRuntime, pods: ObjectCache<AgentPod>) {
        self.configuration = configuration
        self.runtime = runtime
        self.pods = pods
    }

    /// Something happened to a pod: who follows its logs looks again.
    func wake(_ podUID: String?) { followers.wake(podUID) }

    // MARK: Logs

    func logs(_ request: LogRequest) async throws(APIStatus) -> ByteStream {
        let state = try await instance(request)
        if configuration.isSimulated {
            let text = "Node \(configuration.nodeName) is simulated: nothing runs here, so nothing is logged.\n"
            return ByteStream(once: Array(text.utf8))
        }
        guard let file = LogFile(path(of: state, request)) else {
            throw .notFound(GroupResource(group: "", resource: "pods/log"), name: request.pod.name)
        }
        let signal = Signal()
        let follower = request.follow ? followers.add(signal, pod: request.podUID, path: path(of: state, request)) : nil
        let offset = request.tailLines.map(file.offset(ofLast:)) ?? 0
        let filter = LogFilter(since: request.since, timestamps: request.timestamps, limitBytes: request.limitBytes)
        let reader = LogReader(
            file, from: offset, filter: filter, follow: request.follow, changes: signal,
            isRunning: { [runtime] in await Self.isRunning(state, runtime) })
        let followers = followers
        return ByteStream(
            next: { await reader.next() },
            cancel: {
                if let follower { followers.remove(follower) }
                signal.give()
            })
    }

    private func path(of state: ContainerState, _ request: LogRequest) -> String {
        if !state.logPath.isEmpty { return state.logPath }
        let identity = PodIdentity(name: request.pod, uid: request.podUID)
        return PodPaths(pod: identity, configuration: configuration).log(state.name, attempt: state.attempt)
    }

    private static func isRunning(_ state: ContainerState, _ runtime: any ContainerRuntime) async -> Bool {
        do throws(RuntimeError) {
            let now = try await runtime.pod(uid: state.podUID).containers.first { $0.id == state.id }
            if case .running = now?.phase { return true }
            return false
        } catch {
            return false
        }
    }

    /// The instance whose log is meant.
    private func instance(_ request: LogRequest) async throws(APIStatus) -> ContainerState {
        let all = try await containers(request.podUID).filter { $0.name == request.container }
        if request.previous {
            guard all.count > 1 else {
                throw .badRequest(
                    "previous terminated container \"\(request.container)\" in pod \"\(request.pod.name)\" not found")
            }
            return all[1]
        }
        guard let newest = all.first else { throw waiting(request.pod, request.container) }
        if case .created = newest.phase { throw waiting(request.pod, request.container) }
        return newest
    }

    private func waiting(_ pod: NamespacedName, _ container: String) -> APIStatus {
        let status = pods.object(pod)?.view.view.status
        let known = (status.map { $0.initContainerStatuses + $0.containerStatuses } ?? []).first { $0.name == container }
        guard case .waiting(let reason, let message) = known?.state else {
            return .badRequest("container \"\(container)\" in pod \"\(pod.name)\" is not available")
        }
        let why = [reason.isEmpty ? "ContainerCreating" : reason, message].filter { !$0.isEmpty }
        return .badRequest(
            "container \"\(container)\" in pod \"\(pod.name)\" is waiting to start: \(why.last ?? "ContainerCreating")")
    }

    private func containers(_ podUID: String) async throws(APIStatus) -> [ContainerState] {
        do throws(RuntimeError) {
            return try await runtime.pod(uid: podUID).containers
        } catch {
            throw .unavailable("node \(configuration.nodeName): \(error.text)")
        }
    }

    // MARK: Commands

    func exec(_ request: ExecRequest) async throws(APIStatus) -> any ExecSession {
        let newest = try await containers(request.podUID).first { $0.name == request.container }
        guard let newest, case .running = newest.phase else {
            if newest == nil, pods.object(request.pod) == nil {
                throw .notFound(GroupResource(group: "", resource: "pods"), name: request.pod.name)
            }
            throw .badRequest("container \(request.container) in pod \(request.pod.name) is not running")
        }
        do throws(RuntimeError) {
            return try await runtime.exec(newest.id, request)
        } catch .unavailable(let text) {
            throw .unavailable("node \(configuration.nodeName): \(text)")
        } catch {
            throw .internalError("error executing command in container: \(error.text)")
        }
    }
}

/// Who follows logs: woken when the file grows or something happens to the pod.
final class LogFollowers: Sendable {
    /// A follower; given back to `remove`.
    struct Follower: Sendable {
        let number: Int
        let watch: FileChanges.Watch?
    }

    private struct State {
        var signals: [Int: (pod: String, signal: Signal)] = [:]
        var next = 0
        var changes: FileChanges?
    }
    private let state = Mutex(State())

    func add(_ signal: Signal, pod: String, path: String) -> Follower {
        state.withLock { state in
            state.next += 1
            state.signals[state.next] = (pod, signal)
            if state.changes == nil { state.changes = FileChanges() }
            return Follower(number: state.next, watch: state.changes?.start(path, signal))
        }
    }

    func remove(_ follower: Follower) {
        state.withLock { state in
            state.signals[follower.number] = nil
            if let watch = follower.watch { state.changes?.stop(watch) }
        }
    }

    func wake(_ pod: String?) {
        let signals = state.withLock { state in
            state.signals.values.filter { pod == nil || $0.pod == pod }.map(\.signal)
        }
        for signal in signals { signal.give() }
    }
}

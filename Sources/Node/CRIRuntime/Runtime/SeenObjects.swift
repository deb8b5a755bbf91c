internal import NodeInterfaces
internal import Synchronization

/// What is known of sandboxes and containers and does not change: so a look at all pods asks only for two lists.
final class SeenObjects: Sendable {
    /// To whom an id belongs.
    struct Owner: Sendable, Hashable {
        var podUID: String
        var isSandbox: Bool
    }

    private struct State {
        var owners: [String: Owner] = [:]
        /// Containers that this process has asked to start.
        var started: Set<String> = []
        var sandboxes: [String: SandboxStatus] = [:]
        var containers: [String: NodeInterfaces.ContainerState] = [:]
    }
    private let state = Mutex(State())

    func owner(of id: String) -> Owner? { state.withLock { $0.owners[id] } }
    func note(_ id: String, _ owner: Owner) { state.withLock { $0.owners[id] = owner } }

    /// This process asks a container to start.
    func noteStart(_ id: String) { _ = state.withLock { $0.started.insert(id) } }
    func isStartedHere(_ id: String) -> Bool { state.withLock { $0.started.contains(id) } }

    /// The full status of a sandbox, when it was seen in this state.
    func sandbox(_ id: String, isReady: Bool) -> SandboxStatus? {
        state.withLock { state in state.sandboxes[id].flatMap { $0.isReady == isReady ? $0 : nil } }
    }
    func note(_ sandbox: SandboxStatus) { state.withLock { $0.sandboxes[sandbox.id] = sandbox } }

    /// The full status of a container, when it was seen in this phase.
    func container(_ id: String, in phase: Runtime_V1_ContainerState) -> NodeInterfaces.ContainerState? {
        state.withLock { state in
            guard let known = state.containers[id] else { return nil }
            switch (known.phase, phase) {
            case (.created, .containerCreated), (.running, .containerRunning), (.exited, .containerExited): return known
            default: return nil
            }
        }
    }
    func note(_ container: NodeInterfaces.ContainerState) {
        state.withLock { $0.containers[container.id] = container }
    }

    /// Forgets a container, or a sandbox with its containers, that was removed.
    func forget(_ id: String) {
        state.withLock { state in
            let containers = state.containers.values.filter { $0.sandboxID == id }.map(\.id)
            state.sandboxes[id] = nil
            for gone in containers + [id] {
                state.containers[gone] = nil
                state.owners[gone] = nil
                state.started.remove(gone)
            }
        }
    }

    /// How much is remembered.
    var count: Int { state.withLock { $0.owners.count + $0.started.count + $0.sandboxes.count + $0.containers.count } }

    /// Everything that is known, to be given to `keep` with a list that is asked for afterwards.
    var ids: Set<String> {
        state.withLock { Set($0.owners.keys).union($0.sandboxes.keys).union($0.containers.keys).union($0.started) }
    }

    /// Forgets what was known before a complete list was asked for and is not in it. What came to be known meanwhile stays.
    func keep(_ listed: Set<String>, of known: Set<String>) {
        let gone = known.subtracting(listed)
        guard !gone.isEmpty else { return }
        state.withLock { state in
            for id in gone {
                state.owners[id] = nil
                state.sandboxes[id] = nil
                state.containers[id] = nil
                state.started.remove(id)
            }
        }
    }
}

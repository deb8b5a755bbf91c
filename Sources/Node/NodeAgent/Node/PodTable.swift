internal import ControllerRuntime
internal import Kinds
internal import NodeInterfaces
internal import ObjectModel
internal import Synchronization

/// The workers of a node's pods, by uid. What the informer, the runtime and the caches tell goes to them at once; new
/// ones wait here until they are run.
final class PodTable: Sendable {
    private struct State {
        var workers: [String: PodWorker] = [:]
        var new: [PodWorker] = []
    }

    private let environment: PodEnvironment
    private let state = Mutex(State())
    private let signal = Signal()

    init(environment: PodEnvironment) { self.environment = environment }

    /// Takes a change of the pods that are bound to this node.
    func apply(_ change: CacheChange<AgentPod>) {
        switch change {
        case .added(let new), .modified(_, let new):
            let worker = state.withLock { $0.workers[new.uid] }
            if let worker { worker.saw(new.view) } else { add(PodWorker(new.view, environment: environment)) }
        case .deleted(let old):
            state.withLock { $0.workers[old.uid] }?.podIsGone()
        }
    }

    /// Takes pods that only the runtime knows: they are removed.
    func adoptOrphans(_ pods: [String: RuntimePod]) {
        for (uid, pod) in pods {
            guard state.withLock({ $0.workers[uid] == nil }), let orphan = AgentPod(orphan: pod, uid: uid) else {
                continue
            }
            add(PodWorker(orphan, isGone: true, environment: environment))
        }
    }

    /// Wakes the worker of a pod; all of them without a uid.
    func wake(_ uid: String?) {
        let workers = state.withLock { state in
            uid.map { uid in state.workers[uid].map { [$0] } ?? [] } ?? Array(state.workers.values)
        }
        for worker in workers { worker.wake() }
    }

    /// Wakes the workers of pods that refer to an object.
    func wake(_ reference: ClusterObjects.Reference) {
        for worker in state.withLock({ Array($0.workers.values) }) { worker.changed(reference) }
    }

    private func add(_ worker: PodWorker) {
        state.withLock { state in
            state.workers[worker.uid] = worker
            state.new.append(worker)
        }
        signal.give()
    }

    /// Runs the workers until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let new = state.withLock { state in
                    defer { state.new = [] }
                    return state.new
                }
                for worker in new {
                    group.addTask {
                        await worker.run()
                        self.state.withLock { $0.workers[worker.uid] = nil }
                    }
                }
                await signal.wait()
            }
            group.cancelAll()
        }
    }
}

extension AgentPod {
    /// A pod of which only the runtime knows: enough of it to be stopped.
    init?(orphan pod: RuntimePod, uid: String) {
        let labels = pod.sandboxes.first?.labels ?? pod.containers.first?.labels ?? [:]
        let annotations = pod.sandboxes.first?.annotations ?? pod.containers.first?.annotations ?? [:]
        guard let name = pod.sandboxes.first?.pod.name.name ?? labels[RuntimeKeys.podName],
            let namespace = pod.sandboxes.first?.pod.name.namespace ?? labels[RuntimeKeys.podNamespace]
        else { return nil }
        let grace = annotations[RuntimeKeys.gracePeriod].flatMap { Int64($0) } ?? 30
        self.init([
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": .string(name), "namespace": .string(namespace), "uid": .string(uid)],
            "spec": ["terminationGracePeriodSeconds": .integer(grace)],
        ])
    }
}

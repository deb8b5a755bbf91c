internal import ControllerRuntime
internal import Kinds
internal import NodeInterfaces
internal import ObjectModel
internal import Scheduling
internal import Synchronization

/// The workers of a node's pods, by uid. What the informer, the runtime and the caches tell goes to them at once; new
/// ones wait here until they are run, and are run when the node has admitted their pod.
final class PodTable: Sendable {
    private struct State {
        var workers: [String: PodWorker] = [:]
        var new: [PodWorker] = []
        var admission = NodeAdmission()
        var knowsNode = false
    }

    private let environment: PodEnvironment
    private let state = Mutex(State())
    private let signal = Signal()

    init(environment: PodEnvironment) { self.environment = environment }

    /// Takes the node as the API has it: pods are admitted by its labels, taints and resources.
    func apply(_ change: CacheChange<NodeView>) {
        guard let node = change.new?.view else { return }
        state.withLock { state in
            state.admission.setNode(node)
            state.knowsNode = true
        }
        signal.give()
    }

    /// Takes a change of the pods that are bound to this node.
    func apply(_ change: CacheChange<AgentPod>) {
        // What a pod took is free when it has ended or is gone from the API: the scheduler sees it so too.
        if change.new?.view.view.isTerminal ?? true { release(change.latest.uid) }
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

    private func release(_ uid: String) { state.withLock { $0.admission.release(uid) } }

    /// Runs the workers until the task is cancelled. To be called when the pods of this node are known: those that were
    /// admitted before come first. While the node is not known, none is run.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for worker in state.withLock({ Self.takeNew(&$0) }) {
                    group.addTask {
                        await worker.run()
                        self.state.withLock { state in
                            state.workers[worker.uid] = nil
                            state.admission.release(worker.uid)
                        }
                    }
                }
                await signal.wait()
            }
            group.cancelAll()
        }
    }

    /// The workers to run now; those of pods that the node does not take know why.
    private static func takeNew(_ state: inout State) -> [PodWorker] {
        guard state.knowsNode else { return [] }
        defer { state.new = [] }
        let asking = state.new.filter { worker in
            let pod = worker.pod
            // A pod has a start time from when its node first worked on it.
            guard pod.view.status.startTime == nil, !worker.isEnding else {
                if !pod.view.isTerminal { state.admission.take(pod.view) }
                return false
            }
            return !pod.view.isTerminal
        }
        for worker in asking.sorted(by: { $0.order < $1.order }) {
            if let rejection = state.admission.admit(worker.pod.view) { worker.reject(rejection) }
        }
        return state.new
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

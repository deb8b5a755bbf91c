internal import APIProtocol
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
        /// The pods of which the runtime had something when this agent began; nil while that is not known.
        var found: Set<String>?
    }

    private let environment: PodEnvironment
    private let state = Mutex(State())
    private let signal = Signal()

    init(environment: PodEnvironment) { self.environment = environment }

    /// Takes the node as the API has it: pods are admitted by its labels, taints and resources.
    func apply(_ change: CacheChange<NodeView>) {
        if let node = change.new?.view, take(node) { signal.give() }
    }

    /// Takes the node, unless nobody has said yet what it has. Whether it was taken.
    private func take(_ node: NodeView) -> Bool {
        guard !node.allocatable.isEmpty else { return false }
        state.withLock { state in
            state.admission.setNode(node)
            state.knowsNode = true
        }
        return true
    }

    /// Takes a change of the pods that are bound to this node.
    func apply(_ change: CacheChange<AgentPod>) {
        switch change {
        case .added(let new), .modified(_, let new):
            let worker = state.withLock { $0.workers[new.uid] }
            if let worker { worker.saw(new.view) } else { add(newWorker(of: new.view, isAdded: change.old == nil)) }
        case .deleted(let old):
            state.withLock { $0.workers[old.uid] }?.podIsGone()
        }
        // The scheduler gives what it took to others from now on, though some of it may still be ending. After its worker
        // knows: else it could be admitted in between.
        if change.new?.view.view.isTerminal ?? true { release(change.latest.uid) }
    }

    /// Of a pod that comes while this agent works, and that no agent has worked on, the runtime has nothing: what it had
    /// when this agent began is in `found`, and what others start later is told by its events.
    private func newWorker(of pod: AgentPod, isAdded: Bool) -> PodWorker {
        let isNew = state.withLock { state in
            guard isAdded, pod.view.status.startTime == nil, let found = state.found else { return false }
            return !found.contains(pod.uid)
        }
        return PodWorker(pod, seen: isNew ? RuntimePod() : nil, environment: environment)
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

    /// What the runtime had of each pod when its worker last looked.
    var tallies: [RuntimeTally] { state.withLock { Array($0.workers.values) }.map(\.tally) }

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

    /// Runs the workers until the task is cancelled. To be called when the pods of this node are known, with the uids of
    /// which the runtime has something: what was started before counts first and is not asked. While the node is not
    /// known, nothing is run.
    func run(found: Set<String>) async {
        state.withLock { $0.found = found }
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let (admitted, refused) = state.withLock { Self.takeNew(&$0) }
                for worker in admitted { group.addTask { await self.run(worker) } }
                if !refused.isEmpty {
                    // Others start meanwhile.
                    group.addTask {
                        for worker in await self.judgeAgain(refused) { await self.run(worker) }
                    }
                }
                await signal.wait()
            }
            group.cancelAll()
        }
    }

    private func run(_ worker: PodWorker) async {
        await worker.run()
        state.withLock { state in
            state.workers[worker.uid] = nil
            state.admission.release(worker.uid)
        }
    }

    /// The workers to run now, and those whose pods the node does not take as it is known.
    private static func takeNew(_ state: inout State) -> (admitted: [PodWorker], refused: [PodWorker]) {
        guard state.knowsNode else { return ([], []) }
        defer { state.new = [] }
        var asking: [PodWorker] = []
        for worker in state.new where worker.isToRun {
            // A pod has a start time from when its node first worked on it, and the runtime may know it before the API.
            if worker.pod.view.status.startTime != nil || state.found?.contains(worker.uid) ?? false {
                state.admission.take(worker.pod.view)
            } else if !worker.isEnding {
                asking.append(worker)
            }
        }
        asking.sort { $0.order < $1.order }
        let refused = asking.filter { state.admission.admit($0.pod.view) != nil }
        let uids = Set(refused.map(\.uid))
        return (state.new.filter { !uids.contains($0.uid) }, refused)
    }
}

// MARK: Refusals

extension PodTable {
    /// A refusal is final, and what is known of the node may be old: it is read before anybody is refused (as the kubelet
    /// does for labels). While it cannot be read nobody is.
    private func judgeAgain(_ workers: [PodWorker]) async -> [PodWorker] {
        var failures = 0
        while !Task.isCancelled {
            if let node = await node() {
                _ = take(node)
                break
            }
            failures += 1
            try? await environment.clock.sleep(
                BackOff.watches.delay(failures: failures, random: environment.clock.random()))
        }
        state.withLock { state in
            for worker in workers where worker.isToRun && !worker.isEnding {
                if let rejection = state.admission.admit(worker.pod.view) { worker.reject(rejection) }
            }
        }
        return workers
    }

    private func node() async -> NodeView? {
        do throws(APIError) {
            return NodeView(try await environment.client.get(.nodes, name: environment.configuration.nodeName))
        } catch {
            return nil
        }
    }
}

extension AgentPod {
    /// A pod of which only the runtime knows: enough of it to be stopped.
    convenience init?(orphan pod: RuntimePod, uid: String) {
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

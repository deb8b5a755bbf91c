package import ControllerRuntime
internal import Kinds
package import NodeInterfaces
internal import ObjectModel
internal import Synchronization

/// Stops all pods of a node without an API: `ordinal down`.
///
/// Each pod is stopped as the agent stops it, hooks, sidecars and grace included, in the order of `ShutdownPlan`; then
/// it is removed from the runtime. A pod that cannot be stopped ends its lane, so that no set is stopped out of order.
package struct NodeShutdown: Sendable {
    /// Pods that could not be stopped, with the reasons.
    package struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// Each pod with its reasons.
        package let description: String
    }

    private let runtime: any ContainerRuntime
    private let prober: any NetworkProber
    private let clock: ControlClock

    /// The shutdown of what a runtime has.
    package init(runtime: any ContainerRuntime, prober: any NetworkProber, clock: ControlClock = .system) {
        self.runtime = runtime
        self.prober = prober
        self.clock = clock
    }

    /// Stops and removes every pod; returns how many there were. `stored` are the API's pods; the others are stopped by
    /// what the runtime tells of them. Throws a `RuntimeError` when the runtime does not answer, or `Failure`.
    package func run(stored: [AgentPod]) async throws -> Int {
        let running = try await runtime.pods()
        let stored = Dictionary(stored.map { ($0.uid, $0) }, uniquingKeysWith: { $1 })
        var known: [String: AgentPod] = [:]
        for (uid, pod) in running { known[uid] = stored[uid] ?? pod.pod ?? AgentPod(orphan: pod, uid: uid) }
        let lanes = ShutdownPlan(known.values.map(\.view)).lanes.map { lane in lane.compactMap { known[$0] } }
        let planned = Set(lanes.joined().map(\.uid))
        let failures = await withTaskGroup(of: String?.self, returning: [String].self) { group in
            for lane in lanes {
                group.addTask {
                    for pod in lane {
                        if let failure = await stop(pod, running[pod.uid], grace: pod.gracePeriod) { return failure }
                    }
                    return nil
                }
            }
            // Pods that ended are in no lane; their sandboxes go as well.
            for (uid, pod) in known where !planned.contains(uid) {
                group.addTask { await stop(pod, running[uid], grace: .zero) }
            }
            return await group.reduce(into: [String]()) { all, failure in if let failure { all.append(failure) } }
        }
        guard failures.isEmpty else { throw Failure(description: failures.sorted().joined(separator: "; ")) }
        return running.count
    }

    /// As `run`; pods that could not be stopped get a second chance, since what comes next is to kill all that is left.
    package func twice(stored: [AgentPod]) async throws -> Int {
        let count = try await runtime.pods().count
        do {
            return try await run(stored: stored)
        } catch is Failure {
            _ = try await run(stored: stored)
            return count
        }
    }

    /// Why the pod could not be stopped and removed; nil when it was.
    private func stop(_ pod: AgentPod, _ observed: RuntimePod?, grace: Duration) async -> String? {
        guard let observed else { return nil }
        let reasons = Mutex<[String]>([])
        let stop = PodStop(pod, runtime: runtime, prober: prober, clock: clock) { note in
            if note.isWarning { reasons.withLock { $0.append(note.message) } }
        }
        let isStopped = await stop.everything(observed, grace: grace)
        if isStopped {
            do throws(RuntimeError) {
                for sandbox in observed.sandboxes { try await runtime.removeSandbox(sandbox.id) }
                return nil
            } catch {
                reasons.withLock { $0.append(error.text) }
            }
        }
        return "pod \(pod.key.namespace)/\(pod.key.name): " + reasons.withLock { $0.joined(separator: ", ") }
    }
}

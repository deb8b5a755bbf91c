internal import APIProtocol
internal import ControllerRuntime
internal import Kinds
internal import NodeInterfaces
internal import ObjectModel
internal import Scheduling
internal import Synchronization

/// Works on one pod, one step at a time, until nothing of it is left on the node.
///
/// It sleeps until the API, the runtime or a probe has news, or something is due. When its task is cancelled it stops
/// working and leaves the pod as it is.
final class PodWorker: Sendable {
    private struct State {
        var pod: AgentPod
        var isGone: Bool
        var references: Set<ClusterObjects.Reference>
        var rejection: NodeAdmission.Rejection?
        var tally = RuntimeTally()
    }

    let uid: String
    private let environment: PodEnvironment
    private let seenFirst: RuntimePod?
    private let state: Mutex<State>
    private let publisher: StatusPublisher
    private let signal = Signal()
    /// Given when the pod is to end: what takes long is given up.
    private let ending = Signal()
    /// Given when probes have found out something new, for a stop that is under way.
    private let probed = Signal()

    /// `isGone`: the API does not know the pod any more; what the runtime has of it is to be removed. `seen`: what the
    /// runtime has, when that is known.
    init(_ pod: AgentPod, isGone: Bool = false, seen: RuntimePod? = nil, environment: PodEnvironment) {
        uid = pod.uid
        seenFirst = seen
        self.environment = environment
        state = Mutex(State(pod: pod, isGone: isGone, references: ClusterObjects.Reference.all(in: pod)))
        publisher = StatusPublisher(
            pod, client: environment.client, clock: environment.clock,
            news: { [signal, ending] pod in
                signal.give()
                if pod.view.isTerminating { ending.give() }
            })
        if isGone { publisher.podIsGone() }
    }

    /// The API has a newer version. What this worker wrote itself is no news.
    func saw(_ pod: AgentPod) {
        let isNews = publisher.saw(pod)
        state.withLock { state in
            if state.pod.revision < pod.revision { state.pod = pod }
        }
        if isNews { signal.give() }
        if pod.view.isTerminating { ending.give() }
    }

    /// The pod is gone from the API.
    func podIsGone() {
        publisher.podIsGone()
        state.withLock { $0.isGone = true }
        signal.give()
        ending.give()
    }

    /// Wakes the work when the pod refers to an object that has changed.
    func changed(_ reference: ClusterObjects.Reference) {
        if state.withLock({ $0.references.contains(reference) }) { signal.give() }
    }

    /// The node does not take the pod: nothing of it is started, and its status says why.
    func reject(_ rejection: NodeAdmission.Rejection) { state.withLock { $0.rejection = rejection } }

    /// What the runtime had of the pod when it was last looked at.
    var tally: RuntimeTally { state.withLock { $0.tally } }

    /// The pod as it is known now.
    var pod: AgentPod { newest.pod }

    /// Whether something of the pod is to run here, as far as it is known: it has not ended, and the API has it.
    var isToRun: Bool {
        let (pod, isGone) = newest
        return !isGone && !pod.view.isTerminal
    }

    /// Pods are admitted in the order they were made.
    var order: PodOrder { PodOrder(pod) }

    /// Something happened that may concern the pod.
    func wake() { signal.give() }

    func run() async {
        await withDiscardingTaskGroup { group in
            let probes = ProbeRunner(
                runtime: environment.runtime, prober: environment.prober, clock: environment.clock,
                report: { [self] in report($0, $1.name, $2) },
                changed: { [signal, probed] in
                    signal.give()
                    probed.give()
                })
            group.addTask { await self.publisher.run() }
            var sync = PodSync(
                pod: state.withLock { $0.pod }, environment: environment, publisher: publisher, probes: probes,
                orders: PodOrders(
                    news: ending, probed: probed, isEnding: { [self] in isEnding }, grace: { [self] in grace }))
            sync.memory.rejection = state.withLock { $0.rejection }
            var seen = seenFirst
            while !Task.isCancelled {
                (sync.pod, sync.isGone) = newest
                let outcome: PodSync.Outcome
                (sync, outcome) = await inOwnTask { [sync, seen] in
                    var sync = sync
                    let outcome = await sync.step(seen: seen)
                    return (sync, outcome)
                }
                seen = nil
                let tally = RuntimeTally(sync.lastObserved)
                state.withLock { $0.tally = tally }
                for loop in sync.takeNewProbes() { group.addTask { await loop() } }
                switch outcome {
                case .finished:
                    group.cancelAll()
                    return
                // With news the runtime is asked again instead.
                case .again(let after): seen = signal.isPending ? nil : after
                case .wait(let duration):
                    await signal.wait(atMost: duration, sleep: environment.clock.sleep)
                }
            }
        }
    }

    /// A pod that was forced out of the API while it was ending has used its grace up.
    private static let graceOfForcedOut = Duration.seconds(2)

    private var grace: Duration {
        let (pod, isGone) = newest
        return isGone && pod.view.isTerminating ? min(pod.gracePeriod, Self.graceOfForcedOut) : pod.gracePeriod
    }

    /// Whether the pod is to end.
    var isEnding: Bool {
        let (pod, isGone) = newest
        return isGone || pod.view.isTerminating
    }

    /// The pod as it is known now, and whether the API has it no more.
    private var newest: (pod: AgentPod, isGone: Bool) {
        let (known, isGone) = state.withLock { ($0.pod, $0.isGone) }
        // The publisher may know a newer version: the reply to its own write.
        let written = publisher.latest
        return (written.revision > known.revision ? written : known, isGone)
    }

    private func report(_ kind: ProbeKind, _ container: String, _ result: ProbeResult) {
        let (reason, message) =
            switch result {
            case .success: ("", "")
            case .warning(let text): ("ProbeWarning", "\(kind.rawValue) probe warning: \(text)")
            case .unhealthy(let text), .failure(let text): ("Unhealthy", "\(kind.rawValue) probe failed: \(text)")
            }
        if reason.isEmpty { return }
        environment.note(state.withLock { $0.pod }, .warning, reason, message, container: container)
    }
}

/// The order of pods by the time they were made, then by name.
struct PodOrder: Comparable {
    private let time: Timestamp
    private let key: NamespacedName

    init(_ pod: AgentPod) {
        time = pod.view.metadata.creationTimestamp ?? Timestamp(seconds: 0)
        key = pod.key
    }

    static func < (left: PodOrder, right: PodOrder) -> Bool { (left.time, left.key) < (right.time, right.key) }
}

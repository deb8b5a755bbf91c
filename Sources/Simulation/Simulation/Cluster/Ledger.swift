internal import Kinds
internal import ObjectModel
internal import ObjectStorage
internal import Synchronization

/// What happened in a simulation: the history that invariants are judged by, and the violations found.
final class Ledger: Sendable {
    private struct State {
        var history = ClusterHistory()
        var violations: [Violation] = []
        var trace: UInt64 = 0xCBF2_9CE4_8422_2325
        var machines: [SimulatedMachine] = []
        var excused: Set<NamespacedName> = []
        var log: [String] = []
    }

    private static let mostViolations = 20
    private static let mostLines = 20_000
    private let clock: VirtualClock
    private let state = Mutex(State())

    init(clock: VirtualClock) { self.clock = clock }

    /// The machines whose containers are compared.
    func add(_ machine: SimulatedMachine) { state.withLock { $0.machines.append(machine) } }

    /// What is known now.
    var history: ClusterHistory { state.withLock { $0.history } }
    /// What was found broken, at most 20.
    var violations: [Violation] { state.withLock { $0.violations } }
    /// A hash over everything that was committed: equal for equal runs.
    var trace: UInt64 { state.withLock { $0.trace } }

    /// What happened, a line each, at most the last 20,000.
    var log: [String] { state.withLock { $0.log } }

    /// Adds a line to the log.
    func note(_ text: String) {
        let line = "\(clock.uptime) \(text)"
        state.withLock { state in
            state.log.append(line)
            if state.log.count > Self.mostLines { state.log.removeFirst(Self.mostLines / 4) }
        }
    }

    func report(_ invariant: Invariant, _ text: String) {
        let violation = Violation(invariant: invariant, time: clock.uptime, text: text)
        note("VIOLATION \(violation)")
        state.withLock { if $0.violations.count < Self.mostViolations { $0.violations.append(violation) } }
    }

    /// Judges a change and remembers it.
    func observe(_ event: StoreEvent) {
        let change = ObservedChange(
            time: clock.uptime, sender: SimulatedNetwork.sender, kind: event.kind, old: event.previous?.value,
            new: event.current.value)
        let found = state.withLock { state in
            var found = StatefulSetInvariants.judge(change, state.history)
            if let problem = Self.claimOnTwoNodes(change, state.history) { found.append((.oneNodePerClaim, problem)) }
            state.history.apply(change)
            for byte in event.current.json { state.trace = (state.trace ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
            return found
        }
        if let line = Self.line(change) { note(line) }
        for (invariant, text) in found { report(invariant, text) }
    }

    private static func line(_ change: ObservedChange) -> String? {
        let kind = change.new["kind"]?.string ?? ""
        if ["Lease", "Event", "Endpoints", "EndpointSlice", "Node"].contains(kind) { return nil }
        var line = "\(change.sender) \(change.kind) \(kind) \(change.new.name) \(change.new.uid.prefix(4))"
        if kind == "Pod" {
            let pod = PodView(change.new)
            line += " \(pod.status.phase)\(pod.isReady ? " ready" : "")\(pod.isTerminating ? " terminating" : "")"
            line += " \(pod.spec.nodeName) \(pod.spec.containers.first?.image ?? "")"
        } else if kind == "StatefulSet" {
            line += " \(JSON.text(change.new["status"] ?? .null))"
        }
        return line
    }

    /// Somebody says of a pod that runs that it has failed: the API lets its name go at once, as upstream's does, and it
    /// may run beside the next one of its name until its agent hears of it.
    func excuse(_ pod: NamespacedName) { state.withLock { _ = $0.excused.insert(pod) } }

    /// Compares what runs on all machines when a container begins.
    func started(_ run: SimulatedMachine.Running, on machine: SimulatedMachine) {
        note("\(machine.name) runs \(run.pod.name) \(run.uid.prefix(4))")
        let machines = state.withLock { $0.excused.contains(run.pod) ? [] : $0.machines }
        for other in machines {
            for another in other.runs where another.pod == run.pod && another.uid != run.uid {
                report(
                    .oneLivePodPerIdentity, "\(run.pod) runs on \(machine.name) while another runs on \(other.name)")
            }
        }
    }

    /// A pod that is placed while another pod of the same claim is on another node.
    private static func claimOnTwoNodes(_ change: ObservedChange, _ history: ClusterHistory) -> String? {
        guard change.new["kind"] == "Pod", change.kind == .updated else { return nil }
        let pod = PodView(change.new)
        guard pod.isScheduled, change.old.map({ PodView($0).isScheduled }) == false else { return nil }
        let claims = Set(pod.spec.volumes.compactMap(\.claimName))
        for other in history.pods.values.joined() where other.gone == nil && other.view.isScheduled {
            guard other.view.metadata.namespace == pod.metadata.namespace, !other.view.isTerminal,
                other.view.spec.nodeName != pod.spec.nodeName
            else { continue }
            let shared = claims.intersection(other.view.spec.volumes.compactMap(\.claimName))
            if let claim = shared.min() {
                return "\(claim) on \(pod.spec.nodeName) and, by \(other.view.metadata.name), on "
                    + other.view.spec.nodeName
            }
        }
        return nil
    }
}

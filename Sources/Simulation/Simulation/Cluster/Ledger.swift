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
        /// By uid, since when.
        var excused: [String: Duration] = [:]
        var log: [String] = []
    }

    private static let mostViolations = 20
    private static let mostLines = 20_000
    /// How long an agent may not have heard of what was said of its pod: it may be held up, or away, for so long.
    private static let excuseTime = Duration.seconds(700)
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
            let found = StatefulSetInvariants.judge(change, state.history)
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
        if change.new.isBeingDeleted { line += " terminating" }
        if kind == "Pod" {
            let pod = PodView(change.new)
            line += " \(pod.status.phase)\(pod.isReady ? " ready" : "")"
            line += " \(pod.spec.nodeName) \(pod.spec.containers.first?.image ?? "")"
        } else if kind == "StatefulSet" {
            line += " \(JSON.text(change.new["status"] ?? .null))"
        }
        return line
    }

    /// Somebody says of a pod that runs that it has failed: the API lets its name go at once, as upstream's does, and it
    /// may run beside the next one of its name until its agent hears of it.
    func excuse(_ pod: NamespacedName) {
        state.withLock { state in
            if let uid = state.history.pod(pod)?.view.metadata.uid { state.excused[uid] = clock.uptime }
        }
    }

    /// Compares what runs on all machines when a container begins.
    func started(_ run: SimulatedMachine.Running, on machine: SimulatedMachine) {
        note("\(machine.name) runs \(run.pod.name) \(run.uid.prefix(4))")
        let (machines, history) = state.withLock { ($0.machines, $0.history) }
        let recent = clock.uptime - Self.excuseTime
        let excused = Set(state.withLock { $0.excused.filter { $0.value >= recent } }.keys)
        // Its start may have been under way when its name was let go.
        if excused.contains(run.uid) { return }
        for other in machines {
            for another in other.runs where another.uid != run.uid && !excused.contains(another.uid) {
                let place = "\(run.pod.name) on \(machine.name) while \(another.pod.name) runs on \(other.name)"
                if another.pod == run.pod { report(.oneLivePodPerIdentity, place) }
                let shared = history.claims(of: run).intersection(history.claims(of: another))
                if other.name != machine.name, let claim = shared.min() {
                    report(.oneNodePerClaim, "\(claim) is used by \(place)")
                }
            }
        }
    }
}

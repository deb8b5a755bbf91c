internal import ObjectModel

/// The pods that wait for a node: those to be looked at now, in order of priority and arrival, those that wait out a failed
/// attempt, and those that nothing has helped yet. One that is being worked on is not handed out until that ends.
struct PendingPods: Sendable {
    /// How often a pod is refused and tried again at once, before it has to wait out its back-off.
    private static let freeRefusals = 10
    /// A refused pod is looked at again after this time, whatever happened (upstream's `podMaxInUnschedulablePodsDuration`).
    private static let longestWait: Duration = .seconds(300)
    private static let shortestSweep: Duration = .seconds(30)

    /// The queues as metrics name them.
    enum Queue: String, Sendable, CaseIterable {
        /// To be looked at now.
        case active
        /// Waiting out a failed attempt.
        case backoff
        /// Waiting for a change that may help.
        case unschedulable
    }

    private struct Entry: Sendable {
        var priority: Int
        var arrival: Int
        var failures = 0
        var refusals = 0
    }

    private struct Parked: Sendable {
        var entry: Entry
        var since: Duration
        /// Why no node took it; nil while it is decided about, or has a node.
        var rejection: Rejection?
    }

    private var active: [NamespacedName: Entry] = [:]
    private var order: [(priority: Int, arrival: Int, key: NamespacedName)] = []
    private var head = 0
    private var parked: [NamespacedName: Parked] = [:]
    /// Those that are decided about: any change may bear on the decision.
    private var deciding: Set<NamespacedName> = []
    /// The refused ones by the rules that refused them.
    private var refused: [FilterName: Set<NamespacedName>] = [:]
    /// When refused pods that waited longest are looked at again; nil when none waits.
    private var nextSweep: Duration?
    private var delayed: [NamespacedName: (entry: Entry, due: Duration)] = [:]
    /// No delayed pod is due before.
    private var earliest: Duration?
    private var arrivals = 0
    /// The uids of the pods that are being worked on.
    private var busy: [NamespacedName: String] = [:]
    /// Those of them that something came for meanwhile.
    private var wanted: Set<NamespacedName> = []

    /// A pod came, or changed in a way that may help.
    mutating func add(_ key: NamespacedName, priority: Int) {
        guard active[key] == nil else { return }
        let known = unpark(key) ?? delayed.removeValue(forKey: key)?.entry
        activate(key, known ?? Entry(priority: priority, arrival: nextArrival()))
    }

    /// A pod is bound or gone.
    mutating func remove(_ key: NamespacedName) {
        active[key] = nil
        delayed[key] = nil
        busy[key] = nil
        wanted.remove(key)
        _ = unpark(key)
    }

    /// What was decided about the pod is being carried out.
    mutating func begin(_ key: NamespacedName, uid: String) { busy[key] = uid }

    /// It is carried out. The pod is looked at again if something came for it meanwhile.
    mutating func finish(_ key: NamespacedName, uid: String) {
        guard busy[key] == uid else { return }
        busy[key] = nil
        if wanted.remove(key) != nil, let entry = unpark(key) { activate(key, entry) }
    }

    /// Something changed that can help any of them, but for one.
    mutating func reconsiderAll(except key: NamespacedName? = nil) {
        wake(deciding.union(refused.values.joined()).filter { $0 != key })
    }

    /// Something changed: looks again at those that it may help. Asks only pods that a rule refused which it bears on.
    mutating func reconsider(_ change: ClusterChange, namespaces: NamespaceLabels) {
        var helped = deciding
        for filter in change.filters {
            for key in refused[filter] ?? [] where !helped.contains(key) {
                guard let rejection = parked[key]?.rejection else { continue }
                if rejection.mayEnd(filter, by: change, namespaces) { helped.insert(key) }
            }
        }
        wake(helped)
    }

    /// The next pod to place. It is parked: `refuse` or `settle` tells what was decided.
    mutating func next(now: Duration) -> NamespacedName? {
        sweep(now)
        activateDue(now)
        while head < order.count {
            let candidate = order[head]
            head += 1
            if head > 1024, head * 2 > order.count {
                order.removeFirst(head)
                head = 0
            }
            guard let entry = active[candidate.key], entry.arrival == candidate.arrival else { continue }
            active[candidate.key] = nil
            parked[candidate.key] = Parked(entry: entry, since: now)
            if busy[candidate.key] != nil {
                wanted.insert(candidate.key)
                continue
            }
            deciding.insert(candidate.key)
            return candidate.key
        }
        return nil
    }

    /// No node took a pod: it waits for a change that may end the rejection. Nothing when a change has woken it already.
    mutating func refuse(_ key: NamespacedName, _ rejection: Rejection) {
        guard deciding.remove(key) != nil, var pod = parked[key] else { return }
        pod.rejection = rejection
        pod.entry.refusals += 1
        parked[key] = pod
        for filter in rejection.filters { refused[filter, default: []].insert(key) }
        if nextSweep == nil { nextSweep = pod.since + Self.longestWait }
    }

    /// A pod has a node: it waits for its binding, which ends in `remove` or `retry`.
    mutating func settle(_ key: NamespacedName) { deciding.remove(key) }

    /// Looks at a parked pod again after a time that grows with its failures: 1 s to 10 s, as upstream.
    mutating func retry(_ key: NamespacedName, now: Duration) {
        guard var entry = unpark(key) else { return }
        entry.failures += 1
        delay(key, entry, until: now + Self.backoff(entry.failures))
    }

    /// How many pods are in each queue.
    var counts: [Queue: Int] {
        [
            .active: active.count, .backoff: delayed.count,
            .unschedulable: parked.values.lazy.filter { $0.rejection != nil }.count,
        ]
    }

    /// When there is something to do without any change.
    var nextDue: Duration? { [nextSweep, earliest].compactMap { $0 }.min() }

    // MARK: Steps

    private static func backoff(_ failures: Int) -> Duration { .seconds(min(10, 1 << min(max(failures - 1, 0), 4))) }

    private mutating func nextArrival() -> Int {
        arrivals += 1
        return arrivals
    }

    private mutating func unpark(_ key: NamespacedName) -> Entry? {
        guard let pod = parked.removeValue(forKey: key) else { return nil }
        deciding.remove(key)
        for filter in pod.rejection?.filters ?? [] { refused[filter]?.remove(key) }
        return pod.entry
    }

    private mutating func wake(_ keys: Set<NamespacedName>) {
        let pods = keys.compactMap { key in parked[key].map { (key, $0) } }
        for (key, pod) in pods.sorted(by: { $0.1.entry.arrival < $1.1.entry.arrival }) {
            guard let entry = unpark(key) else { continue }
            if entry.refusals <= Self.freeRefusals {
                activate(key, entry)
            } else {
                delay(key, entry, until: pod.since + Self.backoff(entry.refusals - Self.freeRefusals))
            }
        }
    }

    private mutating func delay(_ key: NamespacedName, _ entry: Entry, until due: Duration) {
        delayed[key] = (entry, due)
        earliest = min(due, earliest ?? due)
    }

    /// Activates what was refused long ago, and says when to look again.
    private mutating func sweep(_ now: Duration) {
        guard let nextSweep, nextSweep <= now else { return }
        let waiting = parked.filter { $0.value.rejection != nil }
        let old = waiting.filter { $0.value.since + Self.longestWait <= now }
        for (key, pod) in old.sorted(by: { $0.value.entry.arrival < $1.value.entry.arrival }) {
            _ = unpark(key)
            activate(key, pod.entry)
        }
        let next = waiting.filter { old[$0.key] == nil }.map { $0.value.since + Self.longestWait }.min()
        self.nextSweep = next.map { max($0, now + Self.shortestSweep) }
    }

    private mutating func activateDue(_ now: Duration) {
        guard let earliest, earliest <= now else { return }
        let due = delayed.filter { $0.value.due <= now }.sorted { $0.value.entry.arrival < $1.value.entry.arrival }
        for (key, wait) in due {
            delayed[key] = nil
            activate(key, wait.entry)
        }
        self.earliest = delayed.values.map(\.due).min()
    }

    private mutating func activate(_ key: NamespacedName, _ entry: Entry) {
        active[key] = entry
        let item = (priority: entry.priority, arrival: entry.arrival, key: key)
        // Nearly always the last place: pods come in order and mostly with one priority.
        var position = order.count
        while position > head,
            order[position - 1].priority < item.priority
                || order[position - 1].priority == item.priority && order[position - 1].arrival > item.arrival
        {
            position -= 1
        }
        order.insert(item, at: position)
    }
}

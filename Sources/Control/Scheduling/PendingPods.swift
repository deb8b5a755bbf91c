internal import ObjectModel

/// The pods that wait for a node: those to be looked at now, in order of priority and arrival, those that wait out a failed
/// attempt, and those that nothing has helped yet. One that is being worked on is not handed out until that ends.
struct PendingPods: Sendable {
    private struct Entry: Sendable {
        var priority: Int
        var arrival: Int
        var failures: Int
    }

    private var active: [NamespacedName: Entry] = [:]
    private var order: [(priority: Int, arrival: Int, key: NamespacedName)] = []
    private var head = 0
    private var parked: [NamespacedName: Entry] = [:]
    private var delayed: [NamespacedName: (entry: Entry, due: Duration)] = [:]
    private var arrivals = 0
    /// The uids of the pods that are being worked on.
    private var busy: [NamespacedName: String] = [:]
    /// Those of them that something came for meanwhile.
    private var wanted: Set<NamespacedName> = []

    /// A pod came, or changed in a way that may help.
    mutating func add(_ key: NamespacedName, priority: Int) {
        guard active[key] == nil else { return }
        let known = parked.removeValue(forKey: key) ?? delayed.removeValue(forKey: key)?.entry
        activate(key, known ?? Entry(priority: priority, arrival: nextArrival(), failures: 0))
    }

    /// A pod is bound or gone.
    mutating func remove(_ key: NamespacedName) {
        active[key] = nil
        parked[key] = nil
        delayed[key] = nil
        busy[key] = nil
        wanted.remove(key)
    }

    /// What was decided about the pod is being carried out.
    mutating func begin(_ key: NamespacedName, uid: String) { busy[key] = uid }

    /// It is carried out. The pod is looked at again if something came for it meanwhile.
    mutating func finish(_ key: NamespacedName, uid: String) {
        guard busy[key] == uid else { return }
        busy[key] = nil
        if wanted.remove(key) != nil, let entry = parked.removeValue(forKey: key) { activate(key, entry) }
    }

    /// Something changed that can help any of them.
    mutating func reconsiderAll() {
        for (key, entry) in parked.sorted(by: { $0.value.arrival < $1.value.arrival }) { activate(key, entry) }
        parked = [:]
    }

    /// The next pod to place; it is parked until something helps or `retry` is called.
    mutating func next(now: Duration) -> NamespacedName? {
        for (key, wait) in delayed where wait.due <= now {
            delayed[key] = nil
            activate(key, wait.entry)
        }
        while head < order.count {
            let candidate = order[head]
            head += 1
            if head > 1024, head * 2 > order.count {
                order.removeFirst(head)
                head = 0
            }
            guard let entry = active[candidate.key], entry.arrival == candidate.arrival else { continue }
            active[candidate.key] = nil
            parked[candidate.key] = entry
            if busy[candidate.key] != nil {
                wanted.insert(candidate.key)
                continue
            }
            return candidate.key
        }
        return nil
    }

    /// Looks at a parked pod again after a time that grows with its failures: 1 s to 10 s, as upstream.
    mutating func retry(_ key: NamespacedName, now: Duration) {
        guard var entry = parked.removeValue(forKey: key) else { return }
        entry.failures += 1
        let seconds = min(10, 1 << min(entry.failures - 1, 4))
        delayed[key] = (entry, now + .seconds(seconds))
    }

    /// When the first delayed pod is due.
    var nextDue: Duration? { delayed.values.map(\.due).min() }

    private mutating func nextArrival() -> Int {
        arrivals += 1
        return arrivals
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

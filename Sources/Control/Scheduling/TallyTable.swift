internal import ObjectModel

/// What a tally sums up.
struct TallyKey: Sendable, Hashable {
    enum Sum: Sendable, Hashable {
        /// The pods that all matchers mean.
        case matching
        /// The pods that must not share a domain with what the matcher means.
        case avoiding
        /// What the wishes of pods are worth to a pod that the matcher means.
        case attracting
    }

    let sum: Sum
    let matchers: [PodMatcher]
    let topologyKey: String
}

/// Tallies that are found by the pods they are about, without a look at all of them: each stands under one label that such
/// a pod must have.
struct TallyTable: Sendable {
    struct Row: Sendable {
        let key: TallyKey
        var tally = Tally()
        /// When a decision last asked for it.
        var lastUse = 0
    }

    private enum Anchor: Sendable, Hashable {
        case pair(String, String)
        case key(String)
    }

    private(set) var rows: [Int: Row] = [:]
    private var numbers: [TallyKey: Int] = [:]
    private var anchors: [Anchor: [Int]] = [:]
    private var unanchored: [Int] = []
    private var nextNumber = 0

    func number(of key: TallyKey) -> Int? { numbers[key] }
    subscript(_ key: TallyKey) -> Tally? { numbers[key].flatMap { rows[$0]?.tally } }

    mutating func insert(_ key: TallyKey) -> Int {
        if let known = numbers[key] { return known }
        nextNumber += 1
        numbers[key] = nextNumber
        rows[nextNumber] = Row(key: key)
        let anchors = Self.anchors(of: key)
        for anchor in anchors { self.anchors[anchor, default: []].append(nextNumber) }
        if anchors.isEmpty { unanchored.append(nextNumber) }
        return nextNumber
    }

    mutating func remove(_ number: Int) {
        guard let row = rows.removeValue(forKey: number) else { return }
        numbers[row.key] = nil
        let anchors = Self.anchors(of: row.key)
        for anchor in anchors {
            self.anchors[anchor]?.removeAll { $0 == number }
            if self.anchors[anchor]?.isEmpty == true { self.anchors[anchor] = nil }
        }
        if anchors.isEmpty { unanchored.removeAll { $0 == number } }
    }

    /// Adds to a sum at a node, which is in `domain`.
    mutating func add(_ amount: Int, _ slot: Int, _ domain: Int?, to number: Int) {
        rows[number]?.tally.add(amount, slot, domain)
    }

    /// A decision asks for a sum.
    mutating func touch(_ number: Int, at use: Int) { rows[number]?.lastUse = use }

    /// A node went from one domain of a topology key to another.
    mutating func move(_ slot: Int, topologyKey: String, from old: Int?, to new: Int?) {
        for (number, row) in rows where row.key.topologyKey == topologyKey && row.tally.perNode[slot] != nil {
            rows[number]?.tally.move(slot, from: old, to: new)
        }
    }

    /// The rows whose matchers all mean this pod.
    func about(_ pod: PodTraits, _ namespaces: NamespaceLabels) -> [Int] {
        if rows.isEmpty { return [] }
        var found: [Int] = []
        func look(_ candidates: [Int]?) {
            for number in candidates ?? [] {
                guard let matchers = rows[number]?.key.matchers else { continue }
                if matchers.allSatisfy({ $0.matches(pod, namespaces) }) { found.append(number) }
            }
        }
        look(unanchored)
        for (key, value) in pod.labels {
            look(anchors[.pair(key, value)])
            look(anchors[.key(key)])
        }
        return found
    }

    /// The labels of which a pod must have one, each pod at most one of them; empty when any pod may be meant.
    private static func anchors(of key: TallyKey) -> [Anchor] {
        let requirements = key.matchers.first?.selector?.requirements ?? []
        if let choice = requirements.first(where: { $0.comparison == .in }) {
            return Set(choice.values).map { .pair(choice.key, $0) }
        }
        if let presence = requirements.first(where: { $0.comparison == .exists }) { return [.key(presence.key)] }
        return []
    }
}

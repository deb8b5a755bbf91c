internal import ObjectModel

/// The sums that terms about other pods need, kept up to date pod by pod.
///
/// Pods count in what the terms of others ask for (`matching`), and with what they ask themselves (`holders`). A pod about
/// which nobody asks costs a look at its labels. Limit: 1,024 sums, beside those of the pod that is decided about; beyond
/// it those that were not asked for longest are counted anew when they are.
struct PodTallies: Sendable {
    private static let maximumMatching = 1024

    private(set) var topologies: [String: Topology] = [:]
    private(set) var matching = TallyTable()
    private(set) var holders = TallyTable()
    private var uses = 0

    // MARK: Nodes

    /// A node came, went or changed: its labels before and now, none when it is not there.
    mutating func setNode(_ slot: Int, from old: [String: String], to new: [String: String]) {
        for key in topologies.keys where old[key] != new[key] {
            let before = topologies[key]?.domain(slot)
            let after = topologies[key]?.set(slot, new[key])
            matching.move(slot, topologyKey: key, from: before, to: after)
            holders.move(slot, topologyKey: key, from: before, to: after)
        }
    }

    // MARK: Pods

    /// Counts a pod in (`sign` 1) or out (-1).
    mutating func add(
        _ pod: PlacedPod, sign: Int, _ namespaces: NamespaceLabels, nodes: [NodeLoad]
    ) {
        for number in matching.about(pod.traits, namespaces) { count(sign, pod.slot, number) }
        for (key, amount) in Self.held(by: pod.terms) {
            let number = holders.number(of: key) ?? insertHolder(key, nodes)
            let domain = topologies[key.topologyKey]?.domain(pod.slot)
            holders.add(sign * amount, pod.slot, domain, to: number)
            guard holders.rows[number]?.tally.perNode.isEmpty == true else { continue }
            holders.remove(number)
            unuse(key.topologyKey)
        }
    }

    private mutating func count(_ amount: Int, _ slot: Int, _ number: Int) {
        guard let key = matching.rows[number]?.key.topologyKey else { return }
        matching.add(amount, slot, topologies[key]?.domain(slot), to: number)
    }

    /// What others have to respect of a pod that is on a node. A required affinity is also worth 1 to those it is for
    /// (upstream's `HardPodAffinityWeight`).
    private static func held(by terms: PodTerms) -> [(TallyKey, Int)] {
        if terms.isEmpty { return [] }
        func key(_ sum: TallyKey.Sum, _ term: PodAffinityTerm) -> TallyKey {
            TallyKey(sum: sum, matchers: [term.matcher], topologyKey: term.topologyKey)
        }
        return terms.antiAffinity.map { (key(.avoiding, $0), 1) }
            + terms.affinity.map { (key(.attracting, $0), 1) }
            + terms.preferences.map { (key(.attracting, $0.term), $0.weight) }
    }

    private mutating func insertHolder(_ key: TallyKey, _ nodes: [NodeLoad]) -> Int {
        use(key.topologyKey, nodes)
        return holders.insert(key)
    }

    // MARK: Decisions

    /// The sums that a decision about a pod with these terms asks for.
    static func asked(by terms: PodTerms) -> [TallyKey] {
        affinity(of: terms)
            + terms.antiAffinity.map { matchingKey([$0.matcher], $0.topologyKey) }
            + terms.preferences.map { matchingKey([$0.term.matcher], $0.term.topologyKey) }
            + terms.spread.map { matchingKey([$0.matcher], $0.topologyKey) }
    }

    /// One sum for each term of the required affinity: the pods that all its terms mean.
    static func affinity(of terms: PodTerms) -> [TallyKey] {
        let matchers = terms.affinity.map(\.matcher)
        return terms.affinity.map { matchingKey(matchers, $0.topologyKey) }
    }

    static func matchingKey(_ matchers: [PodMatcher], _ topologyKey: String) -> TallyKey {
        TallyKey(sum: .matching, matchers: matchers, topologyKey: topologyKey)
    }

    /// Keeps the sums from now on. Only one that is new looks at all pods.
    mutating func keep(
        _ keys: [TallyKey], _ namespaces: NamespaceLabels, nodes: [NodeLoad],
        pods: some Collection<PlacedPod>
    ) {
        uses += 1
        for key in keys {
            if matching.number(of: key) == nil {
                use(key.topologyKey, nodes)
                let number = matching.insert(key)
                for pod in pods where key.matchers.allSatisfy({ $0.matches(pod.traits, namespaces) }) {
                    count(1, pod.slot, number)
                }
            }
            if let number = matching.number(of: key) { matching.touch(number, at: uses) }
        }
        if matching.rows.count > Self.maximumMatching { dropLeastUsed(keeping: Self.maximumMatching / 2) }
    }

    private mutating func dropLeastUsed(keeping limit: Int) {
        let latest = matching.rows.sorted { $0.value.lastUse > $1.value.lastUse }
        let now = uses
        for (number, row) in latest.dropFirst(limit) where row.lastUse != now { drop(number, row.key) }
    }

    private mutating func drop(_ number: Int, _ key: TallyKey) {
        matching.remove(number)
        unuse(key.topologyKey)
    }

    /// A namespace has other labels: what selects by them is counted anew when it is asked for.
    mutating func namespaceChanged(from old: [String: String], to new: [String: String]) {
        for (number, row) in matching.rows
        where row.key.matchers.contains(where: { $0.selectsNamespace(old) != $0.selectsNamespace(new) }) {
            drop(number, row.key)
        }
    }

    // MARK: Topologies

    private mutating func use(_ key: String, _ nodes: [NodeLoad]) {
        if topologies[key] == nil {
            var topology = Topology()
            for node in nodes where node.facts.isKnown { _ = topology.set(node.slot, node.facts.labels[key]) }
            topologies[key] = topology
        }
        topologies[key]?.users += 1
    }

    private mutating func unuse(_ key: String) {
        topologies[key]?.users -= 1
        if topologies[key]?.users == 0 { topologies[key] = nil }
    }
}

/// The best node is near the pods that the pod, or they, wish to be together, and away from the others.
struct PodAffinityScore: NodeScore {
    let weight = 2

    private struct Sum: Sendable {
        let topology: Topology
        let perDomain: [Int: Int]
        let weight: Int
    }

    private let sums: [Sum]

    /// Nothing when nobody wishes anything. Needs `prepare`.
    init?(_ pod: PodNeeds, _ state: SchedulingState) {
        let tallies = state.tallies
        func sum(_ key: TallyKey, _ table: TallyTable, _ weight: Int) -> Sum? {
            guard let topology = tallies.topologies[key.topologyKey], let tally = table[key] else { return nil }
            return tally.perDomain.isEmpty
                ? nil : Sum(topology: topology, perDomain: tally.perDomain, weight: weight)
        }
        let own = pod.terms.preferences.compactMap { wish in
            sum(
                PodTallies.matchingKey([wish.term.matcher], wish.term.topologyKey), tallies.matching, wish.weight)
        }
        let others = tallies.holders.about(pod.traits, state.namespaces).compactMap { tallies.holders.rows[$0]?.key }
        sums = own + others.filter { $0.sum == .attracting }.compactMap { sum($0, tallies.holders, 1) }
        if sums.isEmpty { return nil }
    }

    func scores(of nodes: [NodeLoad]) -> [Int] {
        let raw = nodes.map { node in
            sums.reduce(0) { total, sum in
                guard let domain = sum.topology.domain(node.slot) else { return total }
                return total + sum.weight * sum.perDomain[domain, default: 0]
            }
        }
        let least = raw.min() ?? 0
        let range = (raw.max() ?? 0) - least
        return raw.map { range == 0 ? 0 : Int(100 * (Double($0 - least) / Double(range))) }
    }
}

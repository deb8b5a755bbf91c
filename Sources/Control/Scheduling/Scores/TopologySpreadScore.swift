internal import Glibc

/// The best node is in the domain with the fewest of the pod's like, for constraints that need not hold.
struct TopologySpreadScore: NodeScore {
    let weight = 2

    private struct Rule: Sendable {
        let topology: Topology
        let counts: SpreadCounts
        let perNode: [Int: Int]
        let isPerNode: Bool
        let maxSkew: Int
    }

    private let rules: [Rule]

    /// Nothing when the pod has no such constraint. Needs `prepare`.
    init?(_ pod: PodNeeds, _ state: SchedulingState) {
        let constraints = pod.terms.spread.filter { !$0.isRequired }
        if constraints.isEmpty { return nil }
        rules = state.spreadCounts(of: constraints, pod).map { constraint, topology, counts in
            let key = PodTallies.matchingKey([constraint.matcher], constraint.topologyKey)
            return Rule(
                topology: topology, counts: counts, perNode: state.tallies.matching[key]?.perNode ?? [:],
                isPerNode: constraint.topologyKey == "kubernetes.io/hostname", maxSkew: constraint.maxSkew)
        }
    }

    func scores(of nodes: [NodeLoad]) -> [Int] {
        // Nodes without one of the labels have no opinion of their own: they come last.
        let domains = nodes.map { node in
            let own = rules.compactMap { $0.topology.domain(node.slot) }
            return own.count == rules.count ? own : nil
        }
        let labelled = domains.compactMap { $0 }
        let factors = rules.indices.map { index in
            let size = rules[index].isPerNode ? labelled.count : Set(labelled.map { $0[index] }).count
            return log(Double(size + 2))
        }
        let raw = zip(nodes, domains).map { node, own -> Int? in
            guard let own else { return nil }
            let sum = rules.indices.reduce(0.0) { total, index in
                let rule = rules[index]
                let count = rule.isPerNode ? rule.perNode[node.slot] ?? 0 : rule.counts[own[index]]
                return total + Double(count) * factors[index] + Double(rule.maxSkew - 1)
            }
            return Int(sum.rounded())
        }
        let known = raw.compactMap { $0 }
        let (least, most) = (known.min() ?? 0, known.max() ?? 0)
        return raw.map { score in
            guard let score else { return 0 }
            return most == 0 ? 100 : 100 * (most + least - score) / most
        }
    }
}

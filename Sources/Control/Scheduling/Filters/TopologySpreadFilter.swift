/// Keeps a pod off domains that have more of its like than the least filled one, beyond `maxSkew`.
struct TopologySpreadFilter: NodeFilter {
    static let name = FilterName.podTopologySpread
    private static let crowded = Refusal.resolvable("node(s) didn't match pod topology spread constraints")
    private static let unlabelled = Refusal.final(
        "node(s) didn't match pod topology spread constraints (missing required label)")

    private struct Rule: Sendable {
        let topology: Topology
        /// The most pods that a domain may have before this one comes.
        let limit: Int
        /// The pods of each domain.
        let counts: SpreadCounts
    }

    private let rules: [Rule]

    /// Nothing when the pod has no constraint that must hold.
    init?(_ pod: PodNeeds, _ state: SchedulingState) {
        let constraints = pod.terms.spread.filter(\.isRequired)
        if constraints.isEmpty { return nil }
        rules = state.spreadCounts(of: constraints, pod).map { constraint, topology, counts in
            let least = counts.domains < constraint.minDomains ? 0 : counts.least
            let own = constraint.matchesItself ? 1 : 0
            return Rule(topology: topology, limit: constraint.maxSkew - own + least, counts: counts)
        }
    }

    func refusal(of node: NodeLoad) -> Refusal? {
        for rule in rules {
            guard let domain = rule.topology.domain(node.slot) else { return Self.unlabelled }
            if rule.counts[domain] > rule.limit { return Self.crowded }
        }
        return nil
    }
}

/// The pods of a constraint by domain, over the nodes that count for it.
struct SpreadCounts: Sendable {
    private static let absent = -1
    private var counts: [Int]

    init(bound: Int) { counts = Array(repeating: Self.absent, count: bound) }

    /// The pods of a domain; 0 when none of its nodes counts.
    subscript(_ domain: Int) -> Int { max(0, counts[domain]) }

    mutating func add(_ pods: Int, _ domain: Int) { counts[domain] = self[domain] + pods }

    /// How many domains have a node that counts.
    var domains: Int { counts.count { $0 != Self.absent } }
    /// The pods of the least filled of them; 0 without any.
    var least: Int { counts.lazy.filter { $0 != Self.absent }.min() ?? 0 }
}

extension SchedulingState {
    /// For each constraint the pods of each domain. Only nodes count that have the labels of all the constraints, and that
    /// the constraint's policies include. Looks at each node once; needs `prepare`.
    func spreadCounts(
        of constraints: [SpreadConstraint], _ pod: PodNeeds
    ) -> [(SpreadConstraint, Topology, SpreadCounts)] {
        let topologies = constraints.map { tallies.topologies[$0.topologyKey] ?? Topology() }
        let nodes = order.slots.filter { slot in topologies.allSatisfy { $0.domain(slot) != nil } }
        return zip(constraints, topologies).map { constraint, topology in
            let key = PodTallies.matchingKey([constraint.matcher], constraint.topologyKey)
            let perNode = tallies.matching[key]?.perNode ?? [:]
            var counts = SpreadCounts(bound: topology.bound)
            for slot in nodes where constraint.includes(loads[slot].facts, pod) {
                if let domain = topology.domain(slot) { counts.add(perNode[slot] ?? 0, domain) }
            }
            return (constraint, topology, counts)
        }
    }
}

extension SpreadConstraint {
    /// Whether its policies let a node count.
    func includes(_ node: NodeFacts, _ pod: PodNeeds) -> Bool {
        if honorsAffinity, !pod.affinity.isEmpty, !pod.affinity.matches(node.view) { return false }
        return !honorsTaints || pod.toleratesAll(node.repelling)
    }
}

/// Keeps a pod near the pods that its required affinity means, away from those of its required anti-affinity, and away from
/// pods whose anti-affinity means it.
struct PodAffinityFilter: NodeFilter {
    static let name = FilterName.interPodAffinity
    private static let far = Refusal.final("node(s) didn't match pod affinity rules")
    private static let near = Refusal.resolvable("node(s) didn't match pod anti-affinity rules")
    private static let unwelcome = Refusal.resolvable("node(s) didn't satisfy existing pods anti-affinity rules")

    private struct Sum: Sendable {
        let topology: Topology
        let perDomain: [Int: Int]

        func isPositive(_ node: NodeLoad) -> Bool {
            guard let domain = topology.domain(node.slot) else { return false }
            return perDomain[domain, default: 0] > 0
        }
    }

    private let wanted: [Sum]
    /// Whether the pod may be the first of its kind: nobody is there yet, and it means itself.
    private let mayBeFirst: Bool
    private let avoided: [Sum]
    private let avoiding: [Sum]

    /// Nothing when neither the pod nor another one says anything. Needs `prepare`.
    init?(_ pod: PodNeeds, _ state: SchedulingState) {
        let tallies = state.tallies
        func sum(_ key: TallyKey, _ table: TallyTable) -> Sum {
            Sum(
                topology: tallies.topologies[key.topologyKey] ?? Topology(), perDomain: table[key]?.perDomain ?? [:])
        }
        let others = tallies.holders.about(pod.traits, state.namespaces).compactMap { tallies.holders.rows[$0]?.key }
        avoiding = others.filter { $0.sum == .avoiding }.map { sum($0, tallies.holders) }
        wanted = PodTallies.affinity(of: pod.terms).map { sum($0, tallies.matching) }
        avoided = pod.terms.antiAffinity
            .map { sum(PodTallies.matchingKey([$0.matcher], $0.topologyKey), tallies.matching) }
            .filter { !$0.perDomain.isEmpty }
        if avoiding.isEmpty, wanted.isEmpty, avoided.isEmpty { return nil }
        mayBeFirst =
            wanted.allSatisfy { $0.perDomain.isEmpty }
            && pod.terms.affinity.allSatisfy { $0.matcher.matches(pod.traits, state.namespaces) }
    }

    func refusal(of node: NodeLoad) -> Refusal? {
        if !isNearWanted(node) { return Self.far }
        if avoided.contains(where: { $0.isPositive(node) }) { return Self.near }
        return avoiding.contains { $0.isPositive(node) } ? Self.unwelcome : nil
    }

    private func isNearWanted(_ node: NodeLoad) -> Bool {
        if wanted.isEmpty { return true }
        guard wanted.allSatisfy({ $0.topology.domain(node.slot) != nil }) else { return false }
        return mayBeFirst || wanted.allSatisfy { $0.isPositive(node) }
    }
}

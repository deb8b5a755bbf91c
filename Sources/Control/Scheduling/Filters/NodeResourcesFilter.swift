/// Keeps pods off nodes that have not enough left of what they request.
struct NodeResourcesFilter: NodeFilter {
    static let name = FilterName.nodeResourcesFit

    private let demand: PodDemand
    private let milliCPU: Int128
    private let memory: Int128
    private let others: [(name: String, amount: Int128)]

    init(_ pod: PodNeeds) {
        demand = pod.demand
        milliCPU = Int128(demand.milliCPU)
        memory = Int128(demand.memory)
        others = demand.others.filter { $0.value > 0 }.sorted { $0.key < $1.key }
            .map { ($0.key, Int128($0.value)) }
    }

    func refusal(of node: NodeLoad) -> Refusal? {
        let facts = node.facts
        if let limit = facts.maximumPods, Int128(node.pods + 1) > limit { return shortages(node) }
        if milliCPU > 0, node.milliCPU + milliCPU > facts.milliCPU { return shortages(node) }
        if memory > 0, node.memory + memory > facts.memory { return shortages(node) }
        return others.isEmpty || others.allSatisfy { left($0.name, node) >= $0.amount } ? nil : shortages(node)
    }

    private func left(_ name: String, _ node: NodeLoad) -> Int128 {
        (node.facts.capacity[name] ?? 0) - node.others[name, default: 0]
    }

    /// Each shortage is told; one that the empty node would have too is final.
    private func shortages(_ node: NodeLoad) -> Refusal {
        let facts = node.facts
        var reasons: [String] = []
        var isResolvable = true
        func check(_ name: String, _ wanted: Int128, used: Int128, of limit: Int128) {
            guard wanted > 0, used + wanted > limit else { return }
            reasons.append("Insufficient \(name)")
            if wanted > limit { isResolvable = false }
        }
        if let limit = facts.maximumPods, Int128(node.pods + 1) > limit { reasons.append("Too many pods") }
        check("cpu", milliCPU, used: node.milliCPU, of: facts.milliCPU)
        check("memory", memory, used: node.memory, of: facts.memory)
        for (name, amount) in others {
            check(name, amount, used: node.others[name, default: 0], of: facts.capacity[name] ?? 0)
        }
        return Refusal(reasons: reasons, isResolvable: isResolvable)
    }
}

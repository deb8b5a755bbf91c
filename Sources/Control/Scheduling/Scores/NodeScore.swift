/// One opinion about which of the nodes that fit is best. A value holds what it needs of one pod.
protocol NodeScore: Sendable {
    /// How much it counts beside the others (upstream's default weights).
    var weight: Int { get }
    /// An opinion of each node, 0 to 100.
    func scores(of nodes: [NodeLoad]) -> [Int]
}

extension SchedulingState {
    /// The opinions that can differ between nodes for a pod.
    func scores(for pod: PodNeeds) -> [any NodeScore] {
        let all: [(any NodeScore)?] = [
            TaintScore(pod), NodeAffinityScore(pod), LeastAllocatedScore(pod), TopologySpreadScore(pod, self),
            PodAffinityScore(pod, self),
        ]
        return all.compactMap { $0 }
    }
}

/// The best node is the most free one: the mean of what is left of CPU and memory (LeastAllocated). A container that asks
/// for nothing counts as a small one.
struct LeastAllocatedScore: NodeScore {
    let weight = 1
    private let demand: PodDemand.Scored

    init(_ pod: PodNeeds) { demand = pod.demand.scored }

    func scores(of nodes: [NodeLoad]) -> [Int] {
        nodes.map { node in
            let cpu = free(node.scored.milliCPU + demand.milliCPU, of: node.facts.milliCPU)
            let memory = free(node.scored.memory + demand.memory, of: node.facts.memory)
            // A node that does not tell one of them is judged by the other.
            guard let cpu else { return memory ?? 0 }
            return memory.map { (cpu + $0) / 2 } ?? cpu
        }
    }

    private func free(_ used: Int128, of limit: Int128) -> Int? {
        if limit <= 0 { return nil }
        return used > limit ? 0 : Int((limit - used) * 100 / limit)
    }
}

/// The best node has the fewest PreferNoSchedule taints that the pod does not tolerate.
struct TaintScore: NodeScore {
    let weight = 3
    private let pod: PodNeeds

    init(_ pod: PodNeeds) { self.pod = pod }

    func scores(of nodes: [NodeLoad]) -> [Int] {
        let counts = nodes.map { node in
            node.facts.deterring.isEmpty ? 0 : node.facts.deterring.count { !pod.tolerates($0) }
        }
        let most = counts.max() ?? 0
        return most == 0 ? counts : counts.map { 100 - 100 * $0 / most }
    }
}

/// The best node matches the preferred node affinity most.
struct NodeAffinityScore: NodeScore {
    let weight = 2
    private let affinity: PodNodeAffinity

    /// Nothing when the pod prefers nothing.
    init?(_ pod: PodNeeds) {
        if pod.affinity.preferred.isEmpty { return nil }
        affinity = pod.affinity
    }

    func scores(of nodes: [NodeLoad]) -> [Int] {
        let sums = nodes.map { node in
            affinity.preferred.reduce(0) { $1.selector.matches(node.view) ? $0 + $1.weight : $0 }
        }
        let most = sums.max() ?? 0
        return most == 0 ? sums : sums.map { 100 * $0 / most }
    }
}

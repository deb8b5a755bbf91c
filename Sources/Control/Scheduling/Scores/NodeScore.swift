/// One opinion about which of the nodes that fit is best. A value holds what it needs of one pod.
protocol NodeScore: Sendable {
    /// How much it counts beside the others (upstream's default weights).
    var weight: Int { get }
    /// An opinion of each node, 0 to 100.
    func scores(of nodes: [NodeLoad]) -> [Int]
}

/// An opinion that looks at one node at a time, by the pod's `Subject`, and then compares what it saw.
protocol LocalNodeScore: Sendable {
    /// How much it counts beside the others (upstream's default weights).
    var weight: Int { get }
    /// What is seen of a node.
    func points(of node: NodeLoad) -> Int
    /// The opinion of each of the nodes that fit, 0 to 100, from their points.
    func scores(of points: [Int]) -> [Int]
}

extension PodNeeds {
    /// The local opinions that can differ between nodes.
    var localScores: [any LocalNodeScore] {
        let all: [(any LocalNodeScore)?] = [TaintScore(self), NodeAffinityScore(self), LeastAllocatedScore(self)]
        return all.compactMap { $0 }
    }
}

extension SchedulingState {
    /// The opinions that look at other pods.
    func scores(for pod: PodNeeds) -> [any NodeScore] {
        let all: [(any NodeScore)?] = [TopologySpreadScore(pod, self), PodAffinityScore(pod, self)]
        return all.compactMap { $0 }
    }
}

/// The best node is the most free one: the mean of what is left of CPU and memory (LeastAllocated). A container that asks
/// for nothing counts as a small one.
struct LeastAllocatedScore: LocalNodeScore {
    let weight = 1
    private let demand: PodDemand.Scored

    init(_ pod: PodNeeds) { demand = pod.demand.scored }

    func points(of node: NodeLoad) -> Int {
        let cpu = free(node.scored.milliCPU + demand.milliCPU, of: node.facts.milliCPU)
        let memory = free(node.scored.memory + demand.memory, of: node.facts.memory)
        // A node that does not tell one of them is judged by the other.
        guard let cpu else { return memory ?? 0 }
        return memory.map { (cpu + $0) / 2 } ?? cpu
    }

    func scores(of points: [Int]) -> [Int] { points }

    private func free(_ used: Int128, of limit: Int128) -> Int? {
        if limit <= 0 { return nil }
        return used > limit ? 0 : Int((limit - used) * 100 / limit)
    }
}

/// The best node has the fewest PreferNoSchedule taints that the pod does not tolerate.
struct TaintScore: LocalNodeScore {
    let weight = 3
    private let pod: PodNeeds

    init(_ pod: PodNeeds) { self.pod = pod }

    func points(of node: NodeLoad) -> Int {
        node.facts.deterring.isEmpty ? 0 : node.facts.deterring.count { !pod.tolerates($0) }
    }

    func scores(of points: [Int]) -> [Int] {
        let most = points.max() ?? 0
        return most == 0 ? points : points.map { 100 - 100 * $0 / most }
    }
}

/// The best node matches the preferred node affinity most.
struct NodeAffinityScore: LocalNodeScore {
    let weight = 2
    private let affinity: PodNodeAffinity

    /// Nothing when the pod prefers nothing.
    init?(_ pod: PodNeeds) {
        if pod.affinity.preferred.isEmpty { return nil }
        affinity = pod.affinity
    }

    func points(of node: NodeLoad) -> Int {
        affinity.preferred.reduce(0) { $1.selector.matches(node.view) ? $0 + $1.weight : $0 }
    }

    func scores(of points: [Int]) -> [Int] {
        let most = points.max() ?? 0
        return most == 0 ? points : points.map { 100 * $0 / most }
    }
}

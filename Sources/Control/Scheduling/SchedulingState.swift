internal import Kinds
internal import ObjectModel

/// What a pod takes from a node.
package struct PodDemand: Sendable, Hashable {
    /// CPU in thousandths of a core.
    let milliCPU: Int64
    /// Memory in bytes.
    let memory: Int64
    /// Other resources in whole units.
    let others: [String: Int64]
    /// Host ports as `PROTOCOL/PORT`.
    let hostPorts: Set<String>

    init(_ pod: PodView) {
        let requests = pod.spec.totalRequests
        milliCPU = requests["cpu"]?.milli ?? 0
        memory = requests["memory"]?.roundedUp ?? 0
        others = requests.filter { $0.key != "cpu" && $0.key != "memory" }.mapValues(\.roundedUp)
        hostPorts = Set(pod.spec.hostPorts.map { "\($0.transport)/\($0.hostPort)" })
    }
}

/// A node and what is taken from it. Sums are kept up to date pod by pod, so that placing does not count again.
///
/// They have 128 bits: no number of pods with the largest requests overflows, and what a pod took is given back exactly.
package struct NodeLoad: Sendable {
    let view: NodeView
    let capacity: [String: Int128]
    private(set) var milliCPU: Int128 = 0
    private(set) var memory: Int128 = 0
    private(set) var others: [String: Int128] = [:]
    private(set) var pods = 0
    private(set) var hostPorts: [String: Int] = [:]

    init(_ view: NodeView) {
        self.view = view
        capacity = Dictionary(
            view.allocatable.map { ($0.key, Int128($0.key == "cpu" ? $0.value.milli : $0.value.roundedUp)) },
            uniquingKeysWith: { $1 })
    }

    /// The node with other facts and the same load.
    func updated(_ view: NodeView) -> NodeLoad {
        var copy = NodeLoad(view)
        (copy.milliCPU, copy.memory, copy.others) = (milliCPU, memory, others)
        (copy.pods, copy.hostPorts) = (pods, hostPorts)
        return copy
    }

    mutating func add(_ demand: PodDemand, sign: Int128 = 1) {
        milliCPU += sign * Int128(demand.milliCPU)
        memory += sign * Int128(demand.memory)
        for (name, amount) in demand.others { others[name, default: 0] += sign * Int128(amount) }
        pods += Int(sign)
        for port in demand.hostPorts { hostPorts[port, default: 0] += Int(sign) }
    }

    /// The first resources that a demand does not find here, in upstream's words.
    func shortages(for demand: PodDemand) -> [String] {
        var reasons: [String] = []
        if let limit = capacity["pods"], Int128(pods + 1) > limit { reasons.append("Too many pods") }
        if demand.milliCPU > 0, milliCPU + Int128(demand.milliCPU) > capacity["cpu"] ?? 0 {
            reasons.append("Insufficient cpu")
        }
        if demand.memory > 0, memory + Int128(demand.memory) > capacity["memory"] ?? 0 {
            reasons.append("Insufficient memory")
        }
        for (name, amount) in demand.others.sorted(by: { $0.key < $1.key })
        where amount > 0 && others[name, default: 0] + Int128(amount) > capacity[name] ?? 0 {
            reasons.append("Insufficient \(name)")
        }
        return reasons
    }

    /// How empty the node would be with the pod: 0 to 100, the mean of CPU and memory (LeastAllocated).
    func score(with demand: PodDemand) -> Int64 {
        func free(_ used: Int128, _ limit: Int128) -> Int128 { limit <= 0 ? 0 : max(0, (limit - used) * 100 / limit) }
        let mean =
            (free(milliCPU + Int128(demand.milliCPU), capacity["cpu"] ?? 0)
                + free(memory + Int128(demand.memory), capacity["memory"] ?? 0)) / 2
        return Int64(clamping: mean)
    }
}

/// All nodes with their loads, assumed placements included: a pod counts from the moment its node is chosen.
package struct SchedulingState: Sendable {
    private struct Taken: Sendable {
        var node: String
        var demand: PodDemand
        var isAssumed: Bool
    }

    /// The nodes by name.
    private(set) var nodes: [String: NodeLoad] = [:]
    private var taken: [String: Taken] = [:]

    /// No nodes.
    package init() {}

    mutating func setNode(_ name: String, _ view: NodeView?) {
        guard let view else {
            nodes[name] = nil
            return
        }
        if let load = nodes[name] {
            nodes[name] = load.updated(view)
        } else {
            var load = NodeLoad(view)
            for entry in taken.values where entry.node == name { load.add(entry.demand) }
            nodes[name] = load
        }
    }

    /// A pod as the API has it; nil when it is gone. Ended pods take nothing.
    mutating func setPod(uid: String, _ pod: PodView?) {
        if let pod, pod.isScheduled, !pod.isTerminal {
            take(uid, pod.spec.nodeName, PodDemand(pod), assumed: false)
        } else if taken[uid]?.isAssumed != true || pod == nil || pod?.isTerminal == true {
            release(uid)
        }
    }

    /// Counts a pod on the node chosen for it, before the API has it.
    mutating func assume(uid: String, _ pod: PodView, on node: String) {
        take(uid, node, PodDemand(pod), assumed: true)
    }

    /// Takes an assumption back; what the API has stays.
    mutating func forget(uid: String) { if taken[uid]?.isAssumed == true { release(uid) } }

    /// The node assumed for a pod.
    func assumedNode(of uid: String) -> String? {
        taken[uid].flatMap { $0.isAssumed ? $0.node : nil }
    }

    private mutating func take(_ uid: String, _ node: String, _ demand: PodDemand, assumed: Bool) {
        release(uid)
        taken[uid] = Taken(node: node, demand: demand, isAssumed: assumed)
        nodes[node]?.add(demand)
    }

    private mutating func release(_ uid: String) {
        guard let entry = taken.removeValue(forKey: uid) else { return }
        nodes[entry.node]?.add(entry.demand, sign: -1)
    }
}

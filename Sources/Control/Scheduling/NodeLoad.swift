internal import Kinds
internal import ObjectModel

/// What a pod takes from a node.
struct PodDemand: Sendable, Hashable {
    /// What a container that asks for nothing counts for in scores (upstream's `DefaultMilliCPURequest` and
    /// `DefaultMemoryRequest`).
    private static let silent: (milliCPU: Int64, memory: Int64) = (100, 200 << 20)

    /// CPU in thousandths of a core.
    let milliCPU: Int64
    /// Memory in bytes.
    let memory: Int64
    /// Other resources in whole units.
    let others: [String: Int64]
    /// The ports it takes from the node.
    let hostPorts: [HostPort]
    /// CPU and memory as scores see them: no container counts for nothing.
    let scored: Scored

    /// CPU in thousandths of a core and memory in bytes.
    struct Scored: Sendable, Hashable {
        var milliCPU: Int128 = 0
        var memory: Int128 = 0
    }

    init(_ pod: PodView) {
        let requests = pod.spec.totalRequests
        milliCPU = requests["cpu"]?.milli ?? 0
        memory = requests["memory"]?.roundedUp ?? 0
        others = requests.filter { $0.key != "cpu" && $0.key != "memory" }.mapValues(\.roundedUp)
        hostPorts = pod.spec.hostPorts.map { HostPort($0) }
        let running = pod.spec.containers + pod.spec.initContainers.filter(\.isRestartable)
        let withoutCPU = running.count { $0.requests["cpu"]?.isZero ?? true }
        let withoutMemory = running.count { $0.requests["memory"]?.isZero ?? true }
        scored = Scored(
            milliCPU: Int128(milliCPU) + Int128(withoutCPU) * Int128(Self.silent.milliCPU),
            memory: Int128(memory) + Int128(withoutMemory) * Int128(Self.silent.memory))
    }
}

/// What of a node decides about placing, read once per change of the node.
final class NodeFacts: Sendable {
    let view: NodeView
    /// Whether the node is there; else pods only name it.
    let isKnown: Bool
    let capacity: [String: Int128]
    let milliCPU: Int128
    let memory: Int128
    /// How many pods it may have; nil when it does not say.
    let maximumPods: Int128?
    /// The taints that keep pods away.
    let repelling: [TaintView]
    /// The taints that pods rather avoid.
    let deterring: [TaintView]

    init(_ view: NodeView, isKnown: Bool = true) {
        self.view = view
        self.isKnown = isKnown
        capacity = Dictionary(
            view.allocatable.map { ($0.key, Int128($0.key == "cpu" ? $0.value.milli : $0.value.roundedUp)) },
            uniquingKeysWith: { $1 })
        milliCPU = capacity["cpu"] ?? 0
        memory = capacity["memory"] ?? 0
        maximumPods = capacity["pods"]
        repelling = view.taints.filter { $0.effect == "NoSchedule" || $0.effect == "NoExecute" }
        deterring = view.taints.filter { $0.effect == "PreferNoSchedule" }
    }

    /// A node that pods name and nobody has told about.
    static func unknown(_ name: String) -> NodeFacts {
        NodeFacts(NodeView(["metadata": ["name": .string(name)]]), isKnown: false)
    }

    var name: String { view.metadata.name }
    var labels: [String: String] { view.metadata.labels }
    /// The region and zone.
    var zone: String {
        "\(labels["topology.kubernetes.io/region"] ?? "")/\(labels["topology.kubernetes.io/zone"] ?? "")"
    }
}

/// A node and what is taken from it. Sums are kept up to date pod by pod, so that placing does not count again.
///
/// They have 128 bits: no number of pods with the largest requests overflows, and what a pod took is given back exactly.
struct NodeLoad: Sendable {
    var facts: NodeFacts
    /// Its place in the tables of the state.
    let slot: Int
    /// Another one after each change, and never that of another node of the same slot.
    var version: Int
    private(set) var milliCPU: Int128 = 0
    private(set) var memory: Int128 = 0
    private(set) var others: [String: Int128] = [:]
    private(set) var scored = PodDemand.Scored()
    private(set) var pods = 0
    private(set) var hostPorts = HostPorts()

    init(_ facts: NodeFacts, slot: Int, version: Int = 0) {
        self.facts = facts
        self.slot = slot
        self.version = version
    }

    var view: NodeView { facts.view }

    mutating func add(_ demand: PodDemand, sign: Int128 = 1) {
        milliCPU += sign * Int128(demand.milliCPU)
        memory += sign * Int128(demand.memory)
        for (name, amount) in demand.others { others[name, default: 0] += sign * Int128(amount) }
        scored.milliCPU += sign * demand.scored.milliCPU
        scored.memory += sign * demand.scored.memory
        pods += Int(sign)
        for port in demand.hostPorts { hostPorts.add(port, sign: Int(sign)) }
    }
}

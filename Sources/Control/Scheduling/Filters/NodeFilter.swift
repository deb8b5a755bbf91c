/// The filters, by the names of upstream's plugins.
enum FilterName: String, Sendable, Hashable, CaseIterable {
    case nodeUnschedulable = "NodeUnschedulable"
    case taintToleration = "TaintToleration"
    case nodeAffinity = "NodeAffinity"
    case nodePorts = "NodePorts"
    case nodeResourcesFit = "NodeResourcesFit"
    case volumeBinding = "VolumeBinding"
    case podTopologySpread = "PodTopologySpread"
    case interPodAffinity = "InterPodAffinity"
}

/// Why a node does not take a pod, in upstream's words.
struct Refusal: Sendable, Hashable {
    let reasons: [String]
    /// Whether it could take the pod if other pods left it.
    let isResolvable: Bool

    /// Other pods are in the way.
    static func resolvable(_ reasons: String...) -> Refusal { Refusal(reasons: reasons, isResolvable: true) }
    /// No pod that leaves helps.
    static func final(_ reasons: String...) -> Refusal { Refusal(reasons: reasons, isResolvable: false) }
}

/// One rule about which nodes a pod may be on. A value holds what the rule needs of one pod, read before the first node.
protocol NodeFilter: Sendable {
    /// Which rule.
    static var name: FilterName { get }
    /// Why the node does not take the pod; nil when this rule lets it.
    func refusal(of node: NodeLoad) -> Refusal?
}

extension SchedulingState {
    /// The filters that can refuse a pod, in upstream's order: the first that refuses a node gives its reason.
    func filters(for pod: PodNeeds) -> [any NodeFilter] {
        let all: [(any NodeFilter)?] = [
            NodeUnschedulableFilter(pod), TaintTolerationFilter(pod), NodeAffinityFilter(pod), NodePortsFilter(pod),
            NodeResourcesFilter(pod), VolumeBindingFilter(pod), TopologySpreadFilter(pod, self),
            PodAffinityFilter(pod, self),
        ]
        return all.compactMap { $0 }
    }
}

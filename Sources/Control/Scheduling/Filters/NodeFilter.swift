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
///
/// What a local one says depends on the pod's `Subject` and on one node, and on nothing else.
protocol NodeFilter: Sendable {
    /// Which rule.
    static var name: FilterName { get }
    /// Why the node does not take the pod; nil when this rule lets it.
    func refusal(of node: NodeLoad) -> Refusal?
}

extension PodNeeds {
    /// The local filters that can refuse the pod, in upstream's order: the first that refuses a node gives its reason.
    var localFilters: [any NodeFilter] {
        let all: [(any NodeFilter)?] = [
            NodeUnschedulableFilter(self), TaintTolerationFilter(self), NodeAffinityFilter(self), NodePortsFilter(self),
            NodeResourcesFilter(self), VolumeBindingFilter(self),
        ]
        return all.compactMap { $0 }
    }
}

extension SchedulingState {
    /// The filters that look at other pods, behind the local ones.
    func filters(for pod: PodNeeds) -> [any NodeFilter] {
        let all: [(any NodeFilter)?] = [TopologySpreadFilter(pod, self), PodAffinityFilter(pod, self)]
        return all.compactMap { $0 }
    }
}

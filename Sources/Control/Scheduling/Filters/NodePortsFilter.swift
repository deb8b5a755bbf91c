/// Keeps pods off nodes whose ports they want are taken.
struct NodePortsFilter: NodeFilter {
    static let name = FilterName.nodePorts

    private let ports: [HostPort]

    /// Nothing when the pod takes no ports.
    init?(_ pod: PodNeeds) {
        if pod.demand.hostPorts.isEmpty { return nil }
        ports = pod.demand.hostPorts
    }

    func refusal(of node: NodeLoad) -> Refusal? {
        ports.allSatisfy { node.hostPorts.isFree($0) }
            ? nil : .resolvable("node(s) didn't have free ports for the requested pod ports")
    }
}

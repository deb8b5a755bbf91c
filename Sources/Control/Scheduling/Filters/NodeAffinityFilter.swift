/// Keeps a pod on the nodes that its node selector and its required node affinity name.
struct NodeAffinityFilter: NodeFilter {
    static let name = FilterName.nodeAffinity
    private static let mismatch = Refusal.final("node(s) didn't match Pod's node affinity/selector")

    private let affinity: PodNodeAffinity

    /// Nothing when the pod does not say.
    init?(_ pod: PodNeeds) {
        if pod.affinity.isEmpty { return nil }
        affinity = pod.affinity
    }

    func refusal(of node: NodeLoad) -> Refusal? {
        affinity.matches(node.view) ? nil : Self.mismatch
    }
}

internal import Kinds
internal import ObjectModel

/// Keeps pods off cordoned nodes, unless they tolerate the taint that says so.
struct NodeUnschedulableFilter: NodeFilter {
    static let name = FilterName.nodeUnschedulable
    private static let cordoned = Refusal.final("node(s) were unschedulable")
    private static let taint = TaintView(["key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"])

    init?(_ pod: PodNeeds) {
        if pod.tolerates(Self.taint) { return nil }
    }

    func refusal(of node: NodeLoad) -> Refusal? {
        node.view.unschedulable ? Self.cordoned : nil
    }
}

/// Keeps pods off nodes with taints that they do not tolerate.
struct TaintTolerationFilter: NodeFilter {
    static let name = FilterName.taintToleration
    private static let repelled = Refusal.final("node(s) had untolerated taint(s)")

    private let pod: PodNeeds

    init(_ pod: PodNeeds) { self.pod = pod }

    func refusal(of node: NodeLoad) -> Refusal? {
        pod.toleratesAll(node.facts.repelling) ? nil : Self.repelled
    }
}

extension PodNeeds {
    func toleratesAll(_ taints: [TaintView]) -> Bool { taints.isEmpty || taints.allSatisfy(tolerates) }
}

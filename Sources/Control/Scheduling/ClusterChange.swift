internal import Kinds
internal import ObjectModel

/// A change that may let a pod in that was refused.
enum ClusterChange: Sendable {
    /// A node came, changed in what decides about placing, or went.
    case node(old: NodeFacts?, new: NodeFacts?)
    /// A pod takes something of a node now, or other things, or nothing any more.
    case pod(old: PodView?, new: PodView?)
    /// A claim.
    case claim(NamespacedName)
    /// A volume, and the claim it is for; nil when it is for any.
    case volume(claim: NamespacedName?)
    /// A class of volumes.
    case storageClass
    /// The labels of a namespace.
    case namespaces

    /// A change of a node; nil when it helps nobody, as heartbeats do.
    init?(node old: NodeView?, _ new: NodeView?) {
        guard old?.schedulingFacts != new?.schedulingFacts else { return nil }
        self = .node(old: old.map { NodeFacts($0) }, new: new.map { NodeFacts($0) })
    }

    /// A change of a pod; nil when nothing of it counts for others.
    init?(pod old: PodView?, _ new: PodView?) {
        let (old, new) = (old.flatMap { $0.takesNode ? $0 : nil }, new.flatMap { $0.takesNode ? $0 : nil })
        if old == nil, new == nil { return nil }
        if let old, let new, PodTraits(old) == PodTraits(new), old.spec.containers == new.spec.containers { return nil }
        self = .pod(old: old, new: new)
    }

    /// The filters whose answer it may change.
    var filters: [FilterName] {
        switch self {
        case .node(nil, _): FilterName.allCases
        case .node(_, nil): [.volumeBinding, .podTopologySpread]
        case .node: FilterName.allCases.filter { $0 != .nodePorts }
        case .pod(nil, _): [.podTopologySpread, .interPodAffinity]
        case .pod(_, nil): [.nodePorts, .nodeResourcesFit, .podTopologySpread, .interPodAffinity]
        case .pod: [.nodeResourcesFit, .podTopologySpread, .interPodAffinity]
        case .claim, .volume, .storageClass: [.volumeBinding]
        case .namespaces: [.interPodAffinity]
        }
    }
}

extension PodView {
    /// Whether it takes something of a node.
    fileprivate var takesNode: Bool { isScheduled && !isTerminal }
}

extension NodeView {
    /// What of a node decides about placing.
    fileprivate var schedulingFacts: [AnyHashable] {
        [metadata.labels, unschedulable, taints, allocatable]
    }
}

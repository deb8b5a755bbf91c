internal import Kinds
internal import ObjectModel

/// A pod that no node took: which rules refused nodes, and what it asks for. It says which changes are worth another try
/// (upstream's queueing hints).
struct Rejection: Sendable {
    let filters: Set<FilterName>
    let pod: PodNeeds

    /// Whether a change may make the rule let the pod in somewhere.
    func mayEnd(_ filter: FilterName, by change: ClusterChange, _ namespaces: NamespaceLabels) -> Bool {
        switch change {
        case .storageClass, .namespaces, .volume(nil): true
        case .claim(let claim), .volume(let claim?):
            claim.namespace == pod.traits.namespace && pod.claimNames.contains(claim.name)
        case .node(let old, let new?): mayEnd(filter, byNode: old, new)
        case .node(let old, nil): old.map { mayEnd(filter, byLossOf: $0) } ?? false
        case .pod(let old, let new): mayEnd(filter, byPod: old, new, namespaces)
        }
    }

    // MARK: Nodes

    private func mayEnd(_ filter: FilterName, byNode old: NodeFacts?, _ new: NodeFacts) -> Bool {
        switch filter {
        case .nodeUnschedulable: !new.view.unschedulable && old?.view.unschedulable ?? true
        case .taintToleration: pod.toleratesAll(new.repelling) && !(old.map { pod.toleratesAll($0.repelling) } ?? false)
        case .nodeAffinity: pod.affinity.matches(new.view) && !(old.map { pod.affinity.matches($0.view) } ?? false)
        case .nodePorts: old == nil
        case .nodeResourcesFit: hasRoom(new) && old.map { offersMore(new, than: $0) } ?? true
        case .volumeBinding: old?.labels != new.labels
        case .podTopologySpread: changesSpread(old, new)
        case .interPodAffinity: changesDomains(old, new)
        }
    }

    private func mayEnd(_ filter: FilterName, byLossOf node: NodeFacts) -> Bool {
        switch filter {
        case .podTopologySpread: spreads(over: node)
        // Its claims are free to go elsewhere.
        case .volumeBinding: pod.claims.waiting.contains { $0.selectedNode == node.name }
        default: false
        }
    }

    /// Whether the pod would fit if no other were there.
    private func hasRoom(_ node: NodeFacts) -> Bool {
        NodeResourcesFilter(pod).refusal(of: NodeLoad(node, slot: 0)) == nil
    }

    private func offersMore(_ new: NodeFacts, than old: NodeFacts) -> Bool {
        let wanted = Set(pod.demand.others.keys).union(["cpu", "memory", "pods"])
        return wanted.contains { new.capacity[$0] ?? 0 > old.capacity[$0] ?? 0 }
    }

    private var requiredSpread: [SpreadConstraint] { pod.terms.spread.filter(\.isRequired) }

    /// Whether a node has the labels of all constraints.
    private func spreads(over node: NodeFacts) -> Bool {
        requiredSpread.allSatisfy { node.labels[$0.topologyKey] != nil }
    }

    private func changesSpread(_ old: NodeFacts?, _ new: NodeFacts) -> Bool {
        guard let old else { return spreads(over: new) }
        if spreads(over: old) != spreads(over: new) { return true }
        guard spreads(over: new) else { return false }
        let isInAnotherDomain = requiredSpread.contains { old.labels[$0.topologyKey] != new.labels[$0.topologyKey] }
        // Its policies may have counted the node in or out.
        let changesPolicies = pod.affinity.matches(old.view) != pod.affinity.matches(new.view)
        return isInAnotherDomain || changesPolicies || old.view.taints != new.view.taints
    }

    private func changesDomains(_ old: NodeFacts?, _ new: NodeFacts) -> Bool {
        guard let old else {
            // A node without the label is open to pods that keep away from others by it.
            return pod.terms.affinity.isEmpty || pod.terms.affinity.contains { new.labels[$0.topologyKey] != nil }
        }
        // Keys by which pods that are there keep away from this one are not known here: any label may be one.
        return old.labels != new.labels
    }

    // MARK: Pods

    private func mayEnd(
        _ filter: FilterName, byPod old: PodView?, _ new: PodView?, _ namespaces: NamespaceLabels
    ) -> Bool {
        switch filter {
        case .nodePorts: old.map(sharesPorts) ?? false
        case .nodeResourcesFit: old.map { takesLess(new, than: $0) } ?? false
        case .podTopologySpread: changesSpread(old.map(PodTraits.init), new.map(PodTraits.init))
        case .interPodAffinity: changesAffinity(old, new, namespaces)
        case .nodeUnschedulable, .taintToleration, .nodeAffinity, .volumeBinding: false
        }
    }

    private func sharesPorts(_ other: PodView) -> Bool {
        PodDemand(other).hostPorts.contains { taken in pod.demand.hostPorts.contains { $0.collides(with: taken) } }
    }

    private func takesLess(_ new: PodView?, than old: PodView) -> Bool {
        guard let new else { return true }
        let (before, after) = (PodDemand(old), PodDemand(new))
        return after.milliCPU < before.milliCPU || after.memory < before.memory
            || before.others.contains { after.others[$0.key] ?? 0 < $0.value }
    }

    private func changesSpread(_ old: PodTraits?, _ new: PodTraits?) -> Bool {
        requiredSpread.contains { constraint in
            func counts(_ other: PodTraits?) -> Bool { other.map { constraint.matcher.matches($0, [:]) } ?? false }
            return counts(old) != counts(new)
        }
    }

    private func changesAffinity(_ old: PodView?, _ new: PodView?, _ namespaces: NamespaceLabels) -> Bool {
        func matches(_ term: PodAffinityTerm, _ other: PodView?) -> Bool {
            other.map { term.matcher.matches(PodTraits($0), namespaces) } ?? false
        }
        func isWanted(_ other: PodView?) -> Bool {
            !pod.terms.affinity.isEmpty && pod.terms.affinity.allSatisfy { matches($0, other) }
        }
        // One more to be near to, or none left, so that the pod may be the first.
        if isWanted(old) != isWanted(new) { return true }
        if pod.terms.antiAffinity.contains(where: { matches($0, old) && !matches($0, new) }) { return true }
        guard new == nil, let old else { return false }
        return PodTerms(old).antiAffinity.contains { $0.matcher.matches(pod.traits, namespaces) }
    }
}

internal import Kinds
internal import ObjectModel

/// All nodes with their loads, assumed placements included: a pod counts from the moment its node is chosen.
///
/// Everything that a decision reads is kept up to date change by change; a decision looks at nodes, never at all pods.
package struct SchedulingState: Sendable {
    /// Nodes by slot. A slot of a node that is gone stays while pods name it.
    private(set) var loads: [NodeLoad] = []
    private var slots: [String: Int] = [:]
    private var freeSlots: [Int] = []
    /// The nodes that are there, in the order they are looked at.
    private(set) var order = NodeOrder()
    /// Where in the order the next decision begins, so that all nodes are looked at equally often.
    private(set) var start = 0
    private(set) var tallies = PodTallies()
    private(set) var namespaces: NamespaceLabels = [:]
    private var opinions = OpinionMemo()
    private var version = 0
    private var placed: [String: PlacedPod] = [:]
    /// The placed pods of which the API does not know yet.
    private var assumed: Set<String> = []

    /// No nodes.
    package init() {}

    /// A node that is there, or that pods name.
    func load(of node: String) -> NodeLoad? { slots[node].map { loads[$0] } }

    // MARK: Nodes and namespaces

    mutating func setNode(_ name: String, _ view: NodeView?) {
        guard view != nil || slots[name] != nil else { return }
        let slot = slot(of: name)
        let old = loads[slot].facts
        let new = view.map { NodeFacts($0) } ?? .unknown(name)
        loads[slot].facts = new
        touch(slot)
        if old.labels != new.labels { tallies.setNode(slot, from: old.labels, to: new.labels) }
        if new.isKnown { order.insert(slot, zone: new.zone) } else { order.remove(slot) }
        freeIfUnused(slot)
    }

    /// A namespace's labels; nil when it is gone.
    mutating func setNamespace(_ name: String, _ labels: [String: String]?) {
        let old = namespaces[name]
        namespaces[name] = labels
        if old ?? [:] != labels ?? [:] { tallies.namespaceChanged(from: old ?? [:], to: labels ?? [:]) }
    }

    private mutating func slot(of node: String) -> Int {
        if let known = slots[node] { return known }
        let slot = freeSlots.popLast() ?? loads.count
        version += 1
        let load = NodeLoad(.unknown(node), slot: slot, version: version)
        if slot == loads.count { loads.append(load) } else { loads[slot] = load }
        slots[node] = slot
        return slot
    }

    private mutating func touch(_ slot: Int) {
        version += 1
        loads[slot].version = version
    }

    private mutating func freeIfUnused(_ slot: Int) {
        guard !loads[slot].facts.isKnown, loads[slot].pods == 0 else { return }
        slots[loads[slot].facts.name] = nil
        freeSlots.append(slot)
    }

    // MARK: Pods

    /// A pod as the API has it; nil when it is gone. Ended pods take nothing.
    mutating func setPod(uid: String, _ pod: PodView?) {
        if let pod, pod.isScheduled, !pod.isTerminal {
            take(uid, pod, on: pod.spec.nodeName, assumed: false)
        } else if !assumed.contains(uid) || pod == nil || pod?.isTerminal == true {
            release(uid)
        }
    }

    /// Counts a pod on the node chosen for it, before the API has it.
    mutating func assume(uid: String, _ pod: PodView, on node: String) {
        take(uid, pod, on: node, assumed: true)
        let count = order.slots.count
        let sample = NodeOrder.sample(of: count)
        if sample < count { start = (start + sample) % count }
    }

    /// Takes an assumption back; what the API has stays.
    mutating func forget(uid: String) { if assumed.contains(uid) { release(uid) } }

    /// The node assumed for a pod.
    func assumedNode(of uid: String) -> String? { assumed.contains(uid) ? placed[uid]?.node : nil }

    private mutating func take(_ uid: String, _ pod: PodView, on node: String, assumed isAssumed: Bool) {
        let demand = PodDemand(pod)
        let traits = PodTraits(pod)
        // Most updates are of a status. What a placed pod says about others never changes.
        let known = placed[uid]
        if known?.node != node || known?.demand != demand || known?.traits != traits {
            release(uid)
            let pod = PlacedPod(PodTerms(pod), demand, traits, on: node, slot: slot(of: node))
            placed[uid] = pod
            loads[pod.slot].add(demand)
            touch(pod.slot)
            tallies.add(pod, sign: 1, namespaces, nodes: loads)
        }
        if isAssumed { assumed.insert(uid) } else { assumed.remove(uid) }
    }

    private mutating func release(_ uid: String) {
        assumed.remove(uid)
        guard let pod = placed.removeValue(forKey: uid) else { return }
        loads[pod.slot].add(pod.demand, sign: -1)
        touch(pod.slot)
        tallies.add(pod, sign: -1, namespaces, nodes: loads)
        freeIfUnused(pod.slot)
    }

    // MARK: Decisions

    /// Takes out what is known of the nodes for pods like this one; `keep` puts it back.
    mutating func takeOpinions(for pod: PodNeeds) -> NodeOpinions { opinions.take(for: pod) }

    mutating func keep(_ opinions: NodeOpinions) { self.opinions.keep(opinions) }

    /// Keeps the sums that decisions about pods like this one ask for, so that they need not count.
    mutating func prepare(_ terms: PodTerms) {
        let keys = PodTallies.asked(by: terms)
        if keys.isEmpty { return }
        tallies.keep(keys, namespaces, nodes: loads, pods: placed.values)
    }
}

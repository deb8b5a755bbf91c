package import Kinds
internal import ObjectModel

/// What a pod's claims ask of its node.
package struct ClaimDemand: Sendable, Hashable {
    /// The node selectors of the volumes that are bound already (`spec.nodeAffinity.required`).
    package var volumeAffinities: [NodeSelector] = []
    /// Claims that wait for their pod to be placed.
    package var waiting: [WaitingClaim] = []
    /// Why no node can serve, before any is looked at.
    package var obstacle: String?

    /// No demand.
    package init() {}
}

/// Where a pod goes.
package enum Placement: Sendable, Hashable {
    /// On this node.
    case node(String)
    /// Nowhere for now, and why, in upstream's words.
    case unschedulable(String)
}

/// A decision, and what stood in its way.
struct Verdict: Sendable {
    let placement: Placement
    /// The rules that refused nodes; empty when the pod has a node.
    var rejection: Rejection?
}

extension SchedulingState {
    /// Chooses a node: of those that pass every filter the one with the best sum of scores, then with the fewest pods, then
    /// by name. Pure. Of 100 nodes or more it stops looking when it has found enough.
    package func place(_ pod: PodView, claims: ClaimDemand) -> Placement {
        verdict(on: PodNeeds(pod, claims: claims)).placement
    }

    /// What `place` decides, with what a later decision has to wait for.
    func verdict(on pod: PodNeeds) -> Verdict {
        guard tallies.keeps(PodTallies.asked(by: pod.terms)) else {
            var prepared = self
            prepared.prepare(pod.terms)
            return prepared.verdict(on: pod)
        }
        if order.slots.isEmpty {
            return rejected(pod, "no nodes available to schedule pods", by: Set(FilterName.allCases))
        }
        let names = pod.affinity.nodeNames
        if names?.isEmpty == true {
            return rejected(pod, ["pod affinity terms conflict"], resolvable: 0, by: [.nodeAffinity])
        }
        if let obstacle = pod.claims.obstacle {
            return rejected(pod, [obstacle], resolvable: 0, by: [.volumeBinding])
        }
        var search = NodeSearch(filters: filters(for: pod))
        search.look(at: candidates(names), in: self)
        if search.fitting.isEmpty {
            let unnamed = order.slots.count - search.refused
            let filters = search.rejecting.union(unnamed > 0 ? [.nodeAffinity] : [])
            return rejected(pod, search.reasons(unnamed: unnamed), resolvable: search.resolvable, by: filters)
        }
        return Verdict(placement: .node(best(of: search.fitting.map { loads[$0] }, for: pod)))
    }

    /// The nodes to look at, in order: those that the pod names, or all from `start` on.
    private func candidates(_ names: Set<String>?) -> [Int] {
        if let names { return names.sorted().compactMap { load(of: $0) }.filter(\.facts.isKnown).map(\.slot) }
        let start = self.start % order.slots.count
        return Array(order.slots[start...] + order.slots[..<start])
    }

    private func best(of nodes: [NodeLoad], for pod: PodNeeds) -> String {
        var sums = Array(repeating: 0, count: nodes.count)
        if nodes.count > 1 {
            for score in scores(for: pod) {
                let values = score.scores(of: nodes)
                for index in sums.indices { sums[index] += score.weight * values[index] }
            }
        }
        var best = 0
        for index in nodes.indices.dropFirst() where sums[index] >= sums[best] {
            let (node, other) = (nodes[index], nodes[best])
            let isBetter = sums[index] > sums[best] || (node.pods, node.facts.name) < (other.pods, other.facts.name)
            if isBetter { best = index }
        }
        return nodes[best].facts.name
    }

    private func rejected(
        _ pod: PodNeeds, _ reasons: [String], resolvable: Int, by filters: Set<FilterName>
    ) -> Verdict {
        let count = order.slots.count
        let head = "0/\(count) nodes are available: "
        var preemption = "not eligible due to preemptionPolicy=Never."
        if pod.mayPreempt {
            var parts: [String] = []
            if resolvable > 0 { parts.append("\(resolvable) No preemption victims found for incoming pod") }
            if count > resolvable {
                parts.append("\(count - resolvable) Preemption is not helpful for scheduling")
            }
            preemption = head + parts.sorted().joined(separator: ", ") + "."
        }
        let text = head + reasons.joined(separator: ", ") + ". preemption: " + preemption
        return rejected(pod, text, by: filters)
    }

    private func rejected(_ pod: PodNeeds, _ text: String, by filters: Set<FilterName>) -> Verdict {
        Verdict(placement: .unschedulable(text), rejection: Rejection(filters: filters, pod: pod))
    }
}

/// The nodes that pass the filters, and how many did not and why.
private struct NodeSearch {
    let filters: [any NodeFilter]
    var fitting: [Int] = []
    var refused = 0
    var resolvable = 0
    var rejecting: Set<FilterName> = []
    private var histogram: [String: Int] = [:]

    init(filters: [any NodeFilter]) { self.filters = filters }

    /// Stops when it has found enough.
    mutating func look(at slots: [Int], in state: SchedulingState) {
        let enough = NodeOrder.sample(of: slots.count)
        for slot in slots {
            look(at: state.loads[slot])
            if fitting.count >= enough { return }
        }
    }

    private mutating func look(at node: NodeLoad) {
        for filter in filters {
            guard let refusal = filter.refusal(of: node) else { continue }
            refused += 1
            if refusal.isResolvable { resolvable += 1 }
            for reason in refusal.reasons { histogram[reason, default: 0] += 1 }
            rejecting.insert(type(of: filter).name)
            return
        }
        fitting.append(node.slot)
    }

    /// The reasons with their counts, sorted as text. Nodes that were not looked at are those the pod does not name.
    func reasons(unnamed: Int) -> [String] {
        var counts = histogram
        if unnamed > 0 {
            counts["node(s) didn't satisfy plugin(s) [\(FilterName.nodeAffinity.rawValue)]"] = unnamed
        }
        return counts.map { "\($0.value) \($0.key)" }.sorted()
    }
}

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
        var state = self
        return state.verdict(on: PodNeeds(pod, claims: claims)).placement
    }

    /// What `place` decides, with what a later decision has to wait for. What was seen of the nodes is kept for pods like
    /// this one.
    mutating func verdict(on pod: PodNeeds) -> Verdict {
        prepare(pod.terms)
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
        var search = NodeSearch(opinions: takeOpinions(for: pod), filters: filters(for: pod))
        search.look(at: candidates(names), in: loads)
        keep(search.opinions)
        if search.fitting.isEmpty {
            let unnamed = order.slots.count - search.refused
            let filters = search.rejecting.union(unnamed > 0 ? [.nodeAffinity] : [])
            return rejected(pod, search.reasons(unnamed: unnamed), resolvable: search.resolvable, by: filters)
        }
        return Verdict(placement: .node(best(of: search.fitting, search.opinions, for: pod)))
    }

    /// The nodes to look at, in order: those that the pod names, or all from `start` on.
    private func candidates(_ names: Set<String>?) -> [Int] {
        if let names { return names.sorted().compactMap { load(of: $0) }.filter(\.facts.isKnown).map(\.slot) }
        let start = self.start % order.slots.count
        return Array(order.slots[start...] + order.slots[..<start])
    }

    private func best(of slots: [Int], _ opinions: NodeOpinions, for pod: PodNeeds) -> String {
        guard slots.count > 1 else { return loads[slots[0]].facts.name }
        var sums = opinions.sums(of: slots)
        let scores = scores(for: pod)
        if !scores.isEmpty {
            let nodes = slots.map { loads[$0] }
            for score in scores {
                let values = score.scores(of: nodes)
                for index in sums.indices { sums[index] += score.weight * values[index] }
            }
        }
        var best = 0
        for index in slots.indices.dropFirst() where sums[index] >= sums[best] {
            if sums[index] > sums[best] || isEmptier(slots[index], than: slots[best]) { best = index }
        }
        return loads[slots[best]].facts.name
    }

    /// Whether a node has fewer pods; of two with as many the first by name.
    private func isEmptier(_ slot: Int, than other: Int) -> Bool {
        if loads[slot].pods != loads[other].pods { return loads[slot].pods < loads[other].pods }
        return loads[slot].facts.name < loads[other].facts.name
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
    private(set) var opinions: NodeOpinions
    /// The filters that look at other pods.
    let filters: [any NodeFilter]
    var fitting: [Int] = []
    var refused = 0
    var resolvable = 0
    var rejecting: Set<FilterName> = []
    private var histogram: [String: Int] = [:]

    init(opinions: NodeOpinions, filters: [any NodeFilter]) {
        self.opinions = opinions
        self.filters = filters
    }

    /// Stops when it has found enough.
    mutating func look(at slots: [Int], in loads: [NodeLoad]) {
        let enough = NodeOrder.sample(of: slots.count)
        for slot in slots {
            if let (filter, refusal) = opinions.refusal(of: slot, in: loads) ?? refusal(of: slot, in: loads) {
                count(refusal, by: filter)
            } else {
                fitting.append(slot)
                if fitting.count >= enough { return }
            }
        }
    }

    private func refusal(of slot: Int, in loads: [NodeLoad]) -> NodeOpinions.Refused? {
        for filter in filters {
            if let refusal = filter.refusal(of: loads[slot]) { return (type(of: filter).name, refusal) }
        }
        return nil
    }

    private mutating func count(_ refusal: Refusal, by filter: FilterName) {
        refused += 1
        if refusal.isResolvable { resolvable += 1 }
        for reason in refusal.reasons { histogram[reason, default: 0] += 1 }
        rejecting.insert(filter)
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

/// What the local filters and scores say of nodes for pods of one subject. A node is looked at again only when it has
/// changed: of many pods of one template each costs a look at the nodes that the ones before it changed (upstream's
/// opportunistic batching, KEP-5598).
struct NodeOpinions: Sendable {
    /// A filter that refused, and why.
    typealias Refused = (filter: FilterName, refusal: Refusal)

    let subject: Subject
    private let filters: [any NodeFilter]
    private let scores: [any LocalNodeScore]
    /// The version of each node that was looked at, by slot.
    private var versions: [Int] = []
    private var refusals: [Refused?] = []
    /// What each score saw of a node, side by side.
    private var points: [Int] = []

    /// No opinion yet.
    init(_ pod: PodNeeds, _ subject: Subject) {
        self.subject = subject
        filters = pod.localFilters
        scores = pod.localScores
    }

    /// Whether a node is as it was when it was looked at.
    func knows(_ slot: Int, in loads: [NodeLoad]) -> Bool {
        slot < versions.count && versions[slot] == loads[slot].version
    }

    /// Why a node does not take pods like this; nil when it does.
    mutating func refusal(of slot: Int, in loads: [NodeLoad]) -> Refused? {
        if !knows(slot, in: loads) {
            if slot >= versions.count { grow(to: loads.count) }
            look(at: loads[slot])
            versions[slot] = loads[slot].version
        }
        return refusals[slot]
    }

    private mutating func grow(to count: Int) {
        let missing = count - versions.count
        versions += Array(repeating: -1, count: missing)
        refusals += Array(repeating: nil, count: missing)
        points += Array(repeating: 0, count: missing * scores.count)
    }

    private mutating func look(at node: NodeLoad) {
        refusals[node.slot] = nil
        for filter in filters {
            guard let refusal = filter.refusal(of: node) else { continue }
            refusals[node.slot] = (type(of: filter).name, refusal)
            return
        }
        for (number, score) in scores.enumerated() {
            points[node.slot * scores.count + number] = score.points(of: node)
        }
    }

    /// The sum of the scores of nodes that take the pod, as they were looked at last.
    func sums(of slots: [Int]) -> [Int] {
        var sums = Array(repeating: 0, count: slots.count)
        for (number, score) in scores.enumerated() {
            let values = score.scores(of: slots.map { points[$0 * scores.count + number] })
            for index in sums.indices { sums[index] += score.weight * values[index] }
        }
        return sums
    }
}

/// The opinions for the subjects that were decided about last: at most four, so that some sets can come up side by side.
/// Pods with claims are not remembered: each has its own, and would only push out others.
struct OpinionMemo: Sendable {
    private static let maximumCount = 4

    private var newestLast: [NodeOpinions] = []

    /// Takes out what is known for a pod; `keep` puts it back.
    mutating func take(for pod: PodNeeds) -> NodeOpinions {
        let subject = pod.subject
        guard let position = newestLast.lastIndex(where: { $0.subject == subject }) else {
            return NodeOpinions(pod, subject)
        }
        return newestLast.remove(at: position)
    }

    mutating func keep(_ opinions: NodeOpinions) {
        guard opinions.subject.claims == ClaimDemand() else { return }
        if newestLast.count == Self.maximumCount { newestLast.removeFirst() }
        newestLast.append(opinions)
    }
}

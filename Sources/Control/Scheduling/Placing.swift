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

extension SchedulingState {
    /// Chooses a node: filters in upstream's order, then the emptiest node, then the one with fewest pods, then by name. Pure; looks at each node once.
    package func place(_ pod: PodView, claims: ClaimDemand) -> Placement {
        guard !nodes.isEmpty else { return .unschedulable("no nodes available to schedule pods") }
        if let obstacle = claims.obstacle {
            return .unschedulable(Self.message(nodes.count, [obstacle + "."], resolvable: 0))
        }
        let demand = PodDemand(pod)
        let affinity = PodNodeAffinity(pod)
        var reasons: [String: Int] = [:]
        var resolvable = 0
        var best: (name: String, score: Int64, pods: Int)?
        for (name, load) in nodes {
            let verdict = Self.verdict(pod, affinity, demand, claims, on: load)
            guard verdict.reasons.isEmpty else {
                for reason in verdict.reasons { reasons[reason, default: 0] += 1 }
                if verdict.isResolvable { resolvable += 1 }
                continue
            }
            let score = load.score(with: demand)
            let isBetter = best.map { (-score, load.pods, name) < (-$0.score, $0.pods, $0.name) } ?? true
            if isBetter { best = (name, score, load.pods) }
        }
        if let best { return .node(best.name) }
        let histogram = reasons.map { "\($0.value) \($0.key)" }.sorted().joined(separator: ", ")
        return .unschedulable(Self.message(nodes.count, [histogram + "."], resolvable: resolvable))
    }

    private static func verdict(
        _ pod: PodView, _ affinity: PodNodeAffinity, _ demand: PodDemand, _ claims: ClaimDemand, on load: NodeLoad
    ) -> (reasons: [String], isResolvable: Bool) {
        let node = load.view
        let unschedulable = TaintView(["key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"])
        if node.unschedulable, !pod.spec.tolerations.contains(where: { $0.tolerates(unschedulable) }) {
            return (["node(s) were unschedulable"], false)
        }
        let repelling = node.taints.filter { $0.effect == "NoSchedule" || $0.effect == "NoExecute" }
        if repelling.contains(where: { taint in !pod.spec.tolerations.contains { $0.tolerates(taint) } }) {
            return (["node(s) had untolerated taint(s)"], false)
        }
        if !affinity.matches(node) { return (["node(s) didn't match Pod's node affinity/selector"], false) }
        if demand.hostPorts.contains(where: { load.hostPorts[$0, default: 0] > 0 }) {
            return (["node(s) didn't have free ports for the requested pod ports"], true)
        }
        let shortages = load.shortages(for: demand)
        if !shortages.isEmpty { return (shortages, true) }
        var reasons: [String] = []
        if !claims.volumeAffinities.allSatisfy({ $0.matches(node) }) {
            reasons.append("node(s) didn't match PersistentVolume's node affinity")
        }
        if claims.volumes(on: node) == nil { reasons.append(ClaimDemand.noVolumes) }
        return (reasons, false)
    }

    private static func message(_ count: Int, _ parts: [String], resolvable: Int) -> String {
        var preemption: [String] = []
        if resolvable > 0 { preemption.append("\(resolvable) No preemption victims found for incoming pod") }
        if count > resolvable {
            preemption.append("\(count - resolvable) Preemption is not helpful for scheduling")
        }
        let head = "0/\(count) nodes are available:"
        return ([head] + parts).joined(separator: " ")
            + " preemption: \(head) \(preemption.sorted().joined(separator: ", "))."
    }
}

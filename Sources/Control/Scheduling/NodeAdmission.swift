package import Kinds
internal import ObjectModel

/// What a node says of pods that are given to it: the scheduler's rules once more, on what the node itself knows (kubelet's
/// admission). A pod that names its node never met the scheduler, and two schedulers may have decided at once.
///
/// A node refuses for want of pods, CPU, memory and other resources, for its labels, for host ports that are taken and for
/// NoExecute taints. Resources that it has never heard of are the cluster's and not asked for.
package struct NodeAdmission: Sendable {
    /// Why a pod is refused, in the kubelet's words.
    package struct Rejection: Sendable, Hashable {
        /// One word for the status, such as `OutOfcpu` or `NodePorts`.
        package let reason: String
        /// For people.
        package let message: String

        fileprivate static func predicate(_ name: FilterName, _ text: String) -> Rejection {
            Rejection(reason: name.rawValue, message: "Predicate \(name.rawValue) failed: \(text)")
        }

        fileprivate static func shortage(
            _ resource: String, _ wanted: Int128, used: Int128, of limit: Int128
        ) -> Rejection {
            Rejection(
                reason: "OutOf\(resource)",
                message: "Node didn't have enough resource: \(resource), requested: \(wanted), used: \(used),"
                    + " capacity: \(limit)")
        }
    }

    private var load = NodeLoad(.unknown(""), slot: 0)
    private var admitted: [String: PodDemand] = [:]

    /// A node without pods.
    package init() {}

    /// Takes the node as it is now. What was admitted stays.
    package mutating func setNode(_ node: NodeView) { load.facts = NodeFacts(node) }

    /// Takes a pod that was admitted before: it counts, whatever the node thinks of it now.
    package mutating func take(_ pod: PodView) {
        guard admitted[pod.metadata.uid] == nil else { return }
        let demand = PodDemand(pod)
        admitted[pod.metadata.uid] = demand
        load.add(demand)
    }

    /// Admits a pod, which counts from then on until it is released; or says why not.
    package mutating func admit(_ pod: PodView) -> Rejection? {
        guard admitted[pod.metadata.uid] == nil else { return nil }
        let needs = PodNeeds(pod, claims: ClaimDemand())
        if let rejection = shortage(needs.demand) ?? mismatch(needs) { return rejection }
        take(pod)
        return nil
    }

    /// A pod has ended, or is gone.
    package mutating func release(_ uid: String) {
        if let demand = admitted.removeValue(forKey: uid) { load.add(demand, sign: -1) }
    }

    private func shortage(_ demand: PodDemand) -> Rejection? {
        let facts = load.facts
        if let limit = facts.maximumPods, Int128(load.pods + 1) > limit {
            return .shortage("pods", 1, used: Int128(load.pods), of: limit)
        }
        func check(_ name: String, _ wanted: Int64, used: Int128, of limit: Int128) -> Rejection? {
            guard wanted > 0, used + Int128(wanted) > limit else { return nil }
            return .shortage(name, Int128(wanted), used: used, of: limit)
        }
        if let rejection = check("cpu", demand.milliCPU, used: load.milliCPU, of: facts.milliCPU)
            ?? check("memory", demand.memory, used: load.memory, of: facts.memory)
        {
            return rejection
        }
        for (name, amount) in demand.others.sorted(by: { $0.key < $1.key }) {
            // An extended resource has a domain.
            if facts.capacity[name] == nil, name.contains("/") { continue }
            let limit = facts.capacity[name] ?? 0
            if let rejection = check(name, amount, used: load.others[name, default: 0], of: limit) { return rejection }
        }
        return nil
    }

    private func mismatch(_ pod: PodNeeds) -> Rejection? {
        if !pod.affinity.matches(load.view) {
            return .predicate(.nodeAffinity, "node(s) didn't match Pod's node affinity/selector")
        }
        if !pod.demand.hostPorts.allSatisfy({ load.hostPorts.isFree($0) }) {
            return .predicate(.nodePorts, "node(s) didn't have free ports for the requested pod ports")
        }
        // Whoever put up another taint wanted no new pods, and this one was given to the node by name.
        if !pod.toleratesAll(load.facts.repelling.filter { $0.effect == "NoExecute" }) {
            return .predicate(.taintToleration, "node(s) had taints that the pod didn't tolerate")
        }
        return nil
    }
}

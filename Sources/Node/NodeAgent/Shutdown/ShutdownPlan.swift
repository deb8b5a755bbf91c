package import Kinds
package import ObjectModel

/// The order in which pods are stopped when the node goes down: lanes run at the same time, the pods of a lane one
/// after another, each only after the one before has ended.
///
/// A StatefulSet is one lane, its highest ordinal first, as when it is scaled down to nothing. Any other pod is a lane
/// of its own. Pods that have ended are left out.
package struct ShutdownPlan: Sendable, Hashable {
    /// The lanes; sets first, then single pods, each sorted by namespace and name.
    package let lanes: [[NamespacedName]]

    /// The plan for these pods.
    package init(_ pods: [PodView]) {
        var sets: [SetKey: [PodView]] = [:]
        var others: [NamespacedName] = []
        for pod in pods where pod.status.phase != "Succeeded" && pod.status.phase != "Failed" {
            if let owner = pod.metadata.controller, Self.isStatefulSet(owner) {
                let set = NamespacedName(namespace: pod.metadata.namespace, name: owner.name)
                sets[SetKey(name: set, uid: owner.uid), default: []].append(pod)
            } else {
                others.append(pod.metadata.namespacedName)
            }
        }
        let ordered = sets.sorted { ($0.key.name, $0.key.uid) < ($1.key.name, $1.key.uid) }
        lanes = ordered.map { Self.highestFirst($0.value) } + others.sorted().map { [$0] }
    }

    private struct SetKey: Hashable {
        let name: NamespacedName
        let uid: String
    }

    private static func isStatefulSet(_ owner: OwnerReference) -> Bool {
        owner.kind == "StatefulSet" && owner.apiVersion.hasPrefix("apps/")
    }

    private static func highestFirst(_ pods: [PodView]) -> [NamespacedName] {
        let numbered = pods.map { (ordinal: ordinal(of: $0), key: $0.metadata.namespacedName) }
        return numbered.sorted { $0.ordinal != $1.ordinal ? $0.ordinal > $1.ordinal : $0.key < $1.key }.map(\.key)
    }

    /// The ordinal by the label, else by the name's end; -1 (stopped last) when neither tells.
    private static func ordinal(of pod: PodView) -> Int {
        if let index = pod.metadata.labels["apps.kubernetes.io/pod-index"].flatMap({ Int($0) }) { return index }
        return pod.metadata.name.split(separator: "-").last.flatMap { Int($0) } ?? -1
    }
}

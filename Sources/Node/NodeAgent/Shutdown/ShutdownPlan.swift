package import Kinds
internal import ObjectModel

/// The order in which pods are stopped when the node goes down: lanes run at the same time, the pods of a lane one
/// after another, each only after the one before has ended.
///
/// A StatefulSet is one lane, its highest ordinal first, as when it is scaled down to nothing. Any other pod is a lane
/// of its own. Pods that have ended are left out.
package struct ShutdownPlan: Sendable, Hashable {
    /// The lanes, as the pods' uids: two pods may have one name, when one was deleted by force and still ends. Sets first,
    /// then single pods, each sorted by namespace and name.
    package let lanes: [[String]]

    /// The plan for these pods.
    package init(_ pods: [PodView]) {
        var sets: [NamespacedName: [PodView]] = [:]
        var others: [PodView] = []
        for pod in pods where !Self.hasEnded(pod) {
            if let owner = pod.metadata.controller, Self.isStatefulSet(owner) {
                // By name alone: of a pod that the API has forgotten nobody knows the set's uid.
                sets[NamespacedName(namespace: pod.metadata.namespace, name: owner.name), default: []].append(pod)
            } else {
                others.append(pod)
            }
        }
        let ordered = sets.sorted { $0.key < $1.key }
        lanes = ordered.map { Self.highestFirst($0.value) } + others.sorted(by: Self.isBefore).map { [$0.metadata.uid] }
    }

    private static func hasEnded(_ pod: PodView) -> Bool {
        pod.status.phase == "Succeeded" || pod.status.phase == "Failed"
    }

    private static func isStatefulSet(_ owner: OwnerReference) -> Bool {
        owner.kind == "StatefulSet" && owner.apiVersion.hasPrefix("apps/")
    }

    private static func isBefore(_ left: PodView, _ right: PodView) -> Bool {
        let (one, other) = (left.metadata, right.metadata)
        return one.namespacedName != other.namespacedName
            ? one.namespacedName < other.namespacedName : one.uid < other.uid
    }

    private static func highestFirst(_ pods: [PodView]) -> [String] {
        let numbered = pods.map { (ordinal: ordinal(of: $0), pod: $0) }
        return numbered.sorted { $0.ordinal != $1.ordinal ? $0.ordinal > $1.ordinal : isBefore($0.pod, $1.pod) }
            .map(\.pod.metadata.uid)
    }

    /// The ordinal by the label, else by the name's end; -1 (stopped last) when neither tells.
    private static func ordinal(of pod: PodView) -> Int {
        if let index = pod.metadata.labels["apps.kubernetes.io/pod-index"].flatMap({ Int($0) }) { return index }
        return pod.metadata.name.split(separator: "-").last.flatMap { Int($0) } ?? -1
    }
}

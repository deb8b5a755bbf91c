internal import ObjectModel

/// The label keys by which a new pod means pods of its own kind, or of another (upstream's `mutatePodAffinity` and
/// `mutateTopologySpreadConstraints`): the pod's value of each becomes a condition of the selector beside it.
enum PodLabelKeys {
    /// Completes the selectors of a pod's spec. A term without a selector means no pod, and stays so.
    static func merge(into spec: inout Value, labels: [String: String]) {
        spec.updateObject("affinity") { affinity in
            for kind in ["podAffinity", "podAntiAffinity"] {
                affinity.updateObject(kind) { rules in
                    rules.updateItems("preferredDuringSchedulingIgnoredDuringExecution") { wish in
                        wish.updateObject("podAffinityTerm") { merge(intoTerm: &$0, labels) }
                    }
                    rules.updateItems("requiredDuringSchedulingIgnoredDuringExecution") {
                        merge(intoTerm: &$0, labels)
                    }
                }
            }
        }
        spec.updateItems("topologySpreadConstraints") { merge(intoTerm: &$0, labels) }
    }

    private static func merge(intoTerm term: inout Value, _ labels: [String: String]) {
        let added = [("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")].flatMap { field, comparison in
            term.texts(field).compactMap { key -> Value? in
                guard let value = labels[key] else { return nil }
                return ["key": .string(key), "operator": .string(comparison), "values": [.string(value)]]
            }
        }
        if added.isEmpty { return }
        term.updateObject("labelSelector") { selector in
            selector["matchExpressions"] = .array(selector.items("matchExpressions") + added)
        }
    }
}

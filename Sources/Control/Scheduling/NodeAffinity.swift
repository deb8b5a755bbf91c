package import Kinds
package import ObjectModel

/// A core/v1 NodeSelector: terms of which one must match; a term's conditions must all hold. A term without conditions matches
/// nothing.
package struct NodeSelector: Sendable, Hashable {
    private struct Condition: Sendable, Hashable {
        let key: String
        let comparison: String
        let values: [String]
        let isField: Bool

        init(_ value: Value, isField: Bool) {
            key = value["key"]?.string ?? ""
            comparison = value["operator"]?.string ?? ""
            values = value["values"]?.array?.compactMap(\.string) ?? []
            self.isField = isField
        }

        func holds(_ node: NodeView) -> Bool {
            let actual = isField ? (key == "metadata.name" ? node.metadata.name : nil) : node.metadata.labels[key]
            switch comparison {
            case "In": return actual.map(values.contains) ?? false
            case "NotIn": return !(actual.map(values.contains) ?? false)
            case "Exists": return actual != nil
            case "DoesNotExist": return actual == nil
            case "Gt", "Lt":
                guard let number = actual.flatMap({ Int($0) }), let bound = values.first.flatMap({ Int($0) }) else {
                    return false
                }
                return comparison == "Gt" ? number > bound : number < bound
            default: return false
            }
        }
    }

    private let terms: [[Condition]]

    /// Reads `nodeSelectorTerms`.
    package init(_ value: Value) {
        terms = (value["nodeSelectorTerms"]?.array ?? []).map { term in
            (term["matchExpressions"]?.array ?? []).map { Condition($0, isField: false) }
                + (term["matchFields"]?.array ?? []).map { Condition($0, isField: true) }
        }
    }

    /// Whether a node matches.
    package func matches(_ node: NodeView) -> Bool {
        terms.contains { term in !term.isEmpty && term.allSatisfy { $0.holds(node) } }
    }
}

/// What a pod asks of its node: `spec.nodeSelector` and the required node affinity.
struct PodNodeAffinity: Sendable {
    private let labels: [String: String]
    private let required: NodeSelector?

    init(_ pod: PodView) {
        labels = pod.spec.nodeSelector
        required = pod.spec.affinity?.at(["nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"])
            .map { NodeSelector($0) }
    }

    func matches(_ node: NodeView) -> Bool {
        labels.allSatisfy { node.metadata.labels[$0.key] == $0.value } && required?.matches(node) ?? true
    }
}

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

    /// The only nodes that can match: those that every term names with `metadata.name In`; nil when one names none. Empty
    /// when the terms contradict themselves.
    var nodeNames: Set<String>? {
        var names: Set<String> = []
        for term in terms {
            let choices = term.filter { $0.isField && $0.key == "metadata.name" && $0.comparison == "In" }
                .map { Set($0.values) }
            guard let first = choices.first else { return nil }
            names.formUnion(choices.dropFirst().reduce(first) { $0.intersection($1) })
        }
        return terms.isEmpty ? nil : names
    }

    /// Whether a node matches.
    package func matches(_ node: NodeView) -> Bool {
        terms.contains { term in !term.isEmpty && term.allSatisfy { $0.holds(node) } }
    }
}

/// What a pod asks of its node's labels and name: `spec.nodeSelector` and the node affinity.
struct PodNodeAffinity: Sendable, Hashable {
    /// Nodes that are worth more, and how much more.
    struct Preference: Sendable, Hashable {
        let selector: NodeSelector
        let weight: Int
    }

    private let labels: [String: String]
    private let required: NodeSelector?
    let preferred: [Preference]

    init(_ pod: PodView) {
        labels = pod.spec.nodeSelector
        let affinity = pod.spec.affinity?["nodeAffinity"]
        let requirement = affinity?["requiredDuringSchedulingIgnoredDuringExecution"]
        required = requirement?.fields == nil ? nil : requirement.map { NodeSelector($0) }
        preferred = (affinity?["preferredDuringSchedulingIgnoredDuringExecution"]?.array ?? []).compactMap { wish in
            guard let term = wish["preference"], let weight = wish["weight"]?.int, 1...100 ~= weight else { return nil }
            return Preference(selector: NodeSelector(["nodeSelectorTerms": [term]]), weight: weight)
        }
    }

    /// Whether it requires nothing.
    var isEmpty: Bool { labels.isEmpty && required == nil }
    /// The only nodes that can match, by name; nil when the pod names none.
    var nodeNames: Set<String>? { required?.nodeNames }

    func matches(_ node: NodeView) -> Bool {
        labels.allSatisfy { node.metadata.labels[$0.key] == $0.value } && required?.matches(node) ?? true
    }
}

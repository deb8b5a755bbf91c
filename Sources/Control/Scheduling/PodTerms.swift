internal import Kinds
internal import ObjectModel

/// What terms see of a pod.
struct PodTraits: Sendable, Hashable {
    let namespace: String
    let labels: [String: String]
    let isTerminating: Bool

    init(_ pod: PodView) {
        namespace = pod.metadata.namespace
        labels = pod.metadata.labels
        isTerminating = pod.isTerminating
    }
}

/// The labels of the namespaces by name; one that is not known has none.
typealias NamespaceLabels = [String: [String: String]]

/// Which pods a term means.
struct PodMatcher: Sendable, Hashable {
    let namespaces: Set<String>
    /// More namespaces by their labels; nil adds none, an empty selector all.
    let namespaceSelector: LabelSelector?
    /// The pods; nil means none.
    let selector: LabelSelector?
    /// Whether pods that are being deleted do not count.
    var skipsTerminating = false

    func matches(_ pod: PodTraits, _ namespaceLabels: NamespaceLabels) -> Bool {
        guard let selector, !(skipsTerminating && pod.isTerminating) else { return false }
        guard namespaces.contains(pod.namespace) || selectsNamespace(namespaceLabels[pod.namespace] ?? [:]) else {
            return false
        }
        return selector.matches(pod.labels)
    }

    func selectsNamespace(_ labels: [String: String]) -> Bool { namespaceSelector?.matches(labels) ?? false }
}

/// Where pods look for other pods, or keep away from them.
struct PodAffinityTerm: Sendable, Hashable {
    let matcher: PodMatcher
    let topologyKey: String

    /// Reads a PodAffinityTerm of a pod in `namespace`. The API has put matchLabelKeys and mismatchLabelKeys into the
    /// selector when the pod was made.
    init(_ value: Value, namespace: String) {
        let namespaces = value["namespaces"]?.array?.compactMap(\.string) ?? []
        let namespaceSelector = value["namespaceSelector"].flatMap { LabelSelector($0) }
        matcher = PodMatcher(
            namespaces: namespaces.isEmpty && namespaceSelector == nil ? [namespace] : Set(namespaces),
            namespaceSelector: namespaceSelector, selector: LabelSelector(value["labelSelector"]))
        topologyKey = value["topologyKey"]?.string ?? ""
    }
}

/// How evenly a pod and its like are to be spread.
struct SpreadConstraint: Sendable, Hashable {
    let topologyKey: String
    let maxSkew: Int
    let minDomains: Int
    /// Whether a node that breaks it is refused; else it scores less.
    let isRequired: Bool
    /// Whether only nodes count that the pod's node selector and affinity allow.
    let honorsAffinity: Bool
    /// Whether only nodes count whose taints the pod tolerates.
    let honorsTaints: Bool
    /// The pods that are counted; an empty selector counts none, as upstream.
    let matcher: PodMatcher
    /// Whether the pod itself is one of them.
    let matchesItself: Bool

    /// Reads a TopologySpreadConstraint of a pod.
    init(_ value: Value, pod: PodTraits) {
        topologyKey = value["topologyKey"]?.string ?? ""
        maxSkew = min(max(value["maxSkew"]?.int ?? 1, 1), Int(Int32.max))
        minDomains = value["minDomains"]?.int ?? 1
        isRequired = value["whenUnsatisfiable"]?.string != "ScheduleAnyway"
        honorsAffinity = value["nodeAffinityPolicy"]?.string != "Ignore"
        honorsTaints = value["nodeTaintsPolicy"]?.string == "Honor"
        var selector = LabelSelector(value["labelSelector"])
        let keys = value["matchLabelKeys"]?.array?.compactMap(\.string) ?? []
        if let own = selector, !keys.isEmpty {
            let added = keys.compactMap { key in
                pod.labels[key].map { LabelSelector.Requirement(key: key, comparison: .in, values: [$0]) }
            }
            let missing = added.filter { !own.requirements.contains($0) }
            selector = LabelSelector(requirements: own.requirements + missing)
        }
        matchesItself = selector?.matches(pod.labels) ?? false
        matcher = PodMatcher(
            namespaces: [pod.namespace], namespaceSelector: nil,
            selector: selector?.requirements.isEmpty == true ? nil : selector, skipsTerminating: true)
    }
}

/// What a pod says about the pods around it. Most say nothing.
struct PodTerms: Sendable, Hashable {
    /// A wish and what it is worth, negative to keep away.
    struct Preference: Sendable, Hashable {
        let term: PodAffinityTerm
        let weight: Int
    }

    private(set) var affinity: [PodAffinityTerm] = []
    private(set) var antiAffinity: [PodAffinityTerm] = []
    private(set) var preferences: [Preference] = []
    private(set) var spread: [SpreadConstraint] = []

    init(_ pod: PodView) {
        if let affinity = pod.spec.affinity { read(affinity, namespace: pod.metadata.namespace) }
        if !pod.spec.topologySpreadConstraints.isEmpty {
            let traits = PodTraits(pod)
            spread = pod.spec.topologySpreadConstraints.map { SpreadConstraint($0, pod: traits) }
        }
    }

    private mutating func read(_ value: Value, namespace: String) {
        func terms(_ kind: String) -> [PodAffinityTerm] {
            (value[kind]?["requiredDuringSchedulingIgnoredDuringExecution"]?.array ?? [])
                .map { PodAffinityTerm($0, namespace: namespace) }
        }
        func wishes(_ kind: String, _ sign: Int) -> [Preference] {
            (value[kind]?["preferredDuringSchedulingIgnoredDuringExecution"]?.array ?? []).compactMap { wish in
                guard let term = wish["podAffinityTerm"], let weight = wish["weight"]?.int, 1...100 ~= weight else {
                    return nil
                }
                return Preference(term: PodAffinityTerm(term, namespace: namespace), weight: sign * weight)
            }
        }
        affinity = terms("podAffinity")
        antiAffinity = terms("podAntiAffinity")
        preferences = wishes("podAffinity", 1) + wishes("podAntiAffinity", -1)
    }

    /// Whether it says nothing.
    var isEmpty: Bool { affinity.isEmpty && antiAffinity.isEmpty && preferences.isEmpty && spread.isEmpty }
}

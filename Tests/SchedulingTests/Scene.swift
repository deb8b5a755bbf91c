import Kinds
import ObjectModel

@testable import Scheduling

/// Small clusters, in few words.
enum Scene {
    static func node(
        _ name: String, _ labels: [String: String] = [:], spec: Value = [:], cpu: String = "8"
    ) -> NodeView {
        NodeView([
            "metadata": ["name": .string(name), "labels": values(labels)], "spec": spec,
            "status": ["allocatable": ["cpu": .string(cpu), "memory": "32Gi", "pods": "110"]],
        ])
    }

    /// A pod without labels.
    static func pod(_ name: String, _ spec: Value) -> PodView { pod(name, [:], in: "default", spec) }

    /// A pod; `on` binds it.
    static func pod(
        _ name: String, _ labels: [String: String] = [:], in namespace: String = "default", on node: String? = nil,
        isTerminating: Bool = false, _ spec: Value = [:]
    ) -> PodView {
        var object: Value = [
            "metadata": [
                "name": .string(name), "namespace": .string(namespace), "uid": .string("\(namespace)/\(name)"),
                "labels": values(labels),
            ],
            "spec": ["containers": [["name": "c", "resources": ["requests": ["cpu": "100m", "memory": "64Mi"]]]]],
        ]
        for field in spec.fields ?? Fields() { object["spec", field.key] = field.value }
        if let node { object["spec", "nodeName"] = .string(node) }
        if isTerminating { object["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z" }
        return PodView(object)
    }

    static func state(
        _ nodes: [NodeView], _ pods: [PodView] = [], namespaces: [String: [String: String]] = [:]
    ) -> SchedulingState {
        var state = SchedulingState()
        for (name, labels) in namespaces { state.setNamespace(name, labels) }
        for node in nodes { state.setNode(node.metadata.name, node) }
        for pod in pods { state.setPod(uid: pod.metadata.uid, pod) }
        return state
    }

    static func values(_ labels: [String: String]) -> Value {
        var object: Value = [:]
        for (key, value) in labels.sorted(by: { $0.key < $1.key }) { object[key] = .string(value) }
        return object
    }

    // MARK: Terms

    /// A PodAffinityTerm for pods with these labels.
    static func term(_ labels: [String: String], by key: String, _ more: Value = [:]) -> Value {
        var term: Value = ["labelSelector": ["matchLabels": values(labels)], "topologyKey": .string(key)]
        for field in more.fields ?? Fields() { term[field.key] = field.value }
        return term
    }

    static func near(_ terms: Value...) -> Value { affinity("podAffinity", "required", terms) }
    static func apart(_ terms: Value...) -> Value { affinity("podAntiAffinity", "required", terms) }
    static func wish(_ kind: String, _ weight: Int64, _ term: Value) -> Value {
        affinity(kind, "preferred", [["weight": .integer(weight), "podAffinityTerm": term]])
    }

    private static func affinity(_ kind: String, _ strength: String, _ terms: [Value]) -> Value {
        var value: Value = [:]
        value["affinity"] = [:]
        value["affinity", kind] = [:]
        value["affinity", kind, "\(strength)DuringSchedulingIgnoredDuringExecution"] = .array(terms)
        return value
    }

    /// A spec with one constraint for pods with these labels.
    static func spread(_ labels: [String: String], by key: String, skew: Int64 = 1, _ more: Value = [:]) -> Value {
        var constraint: Value = [
            "maxSkew": .integer(skew), "topologyKey": .string(key), "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": ["matchLabels": values(labels)],
        ]
        for field in more.fields ?? Fields() { constraint[field.key] = field.value }
        return ["topologySpreadConstraints": [constraint]]
    }

    // MARK: Answers

    /// The nodes that one filter lets a pod on, by name; nil when it has nothing to say.
    static func open(_ name: FilterName, _ pod: PodView, _ state: SchedulingState) -> [String]? {
        refusals(name, pod, state)?.filter { $0.value == nil }.keys.sorted()
    }

    /// What one filter says of each node.
    static func refusals(_ name: FilterName, _ pod: PodView, _ state: SchedulingState) -> [String: Refusal?]? {
        var state = state
        let needs = PodNeeds(pod, claims: ClaimDemand())
        state.prepare(needs.terms)
        guard let filter = (needs.localFilters + state.filters(for: needs)).first(where: { type(of: $0).name == name })
        else { return nil }
        var answers: [String: Refusal?] = [:]
        for slot in state.order.slots {
            answers[state.loads[slot].facts.name] = .some(filter.refusal(of: state.loads[slot]))
        }
        return answers
    }
}

/// Numbers that a seed decides.
struct Dice: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func roll(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &self) }
    mutating func pick<Choice>(_ choices: [Choice]) -> Choice { choices[roll(choices.count)] }
}

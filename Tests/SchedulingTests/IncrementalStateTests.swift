import Kinds
import ObjectModel
import Testing

@testable import Scheduling

/// Counts everything from scratch, as the rules say it.
private struct NaiveCount {
    let nodes: [NodeView]
    let placed: [(pod: PodView, node: String)]
    let namespaces: NamespaceLabels

    func value(_ key: String, of node: String) -> String? {
        nodes.first { $0.metadata.name == node }?.metadata.labels[key]
    }

    func count(_ matchers: [PodMatcher], sharing key: String, with node: NodeView) -> Int {
        placed.count { entry in
            value(key, of: entry.node) != nil && value(key, of: entry.node) == node.metadata.labels[key]
                && matchers.allSatisfy { $0.matches(PodTraits(entry.pod), namespaces) }
        }
    }

    func affinity(_ pod: PodNeeds, _ node: NodeView) -> String? {
        let terms = pod.terms
        let all = terms.affinity.map(\.matcher)
        if !terms.affinity.isEmpty {
            let hasKeys = terms.affinity.allSatisfy { node.metadata.labels[$0.topologyKey] != nil }
            let isNear = terms.affinity.allSatisfy { count(all, sharing: $0.topologyKey, with: node) > 0 }
            let isFirst =
                terms.affinity.allSatisfy { term in
                    nodes.allSatisfy { count(all, sharing: term.topologyKey, with: $0) == 0 }
                }
                && all.allSatisfy { $0.matches(pod.traits, namespaces) }
            if !hasKeys || !(isNear || isFirst) { return "node(s) didn't match pod affinity rules" }
        }
        if terms.antiAffinity.contains(where: { count([$0.matcher], sharing: $0.topologyKey, with: node) > 0 }) {
            return "node(s) didn't match pod anti-affinity rules"
        }
        let isAvoided = placed.contains { entry in
            PodTerms(entry.pod).antiAffinity.contains { term in
                term.matcher.matches(pod.traits, namespaces) && value(term.topologyKey, of: entry.node) != nil
                    && value(term.topologyKey, of: entry.node) == node.metadata.labels[term.topologyKey]
            }
        }
        return isAvoided ? "node(s) didn't satisfy existing pods anti-affinity rules" : nil
    }

    func attraction(_ pod: PodNeeds, _ node: NodeView) -> Int {
        var sum = 0
        for wish in pod.terms.preferences {
            sum += wish.weight * count([wish.term.matcher], sharing: wish.term.topologyKey, with: node)
        }
        for entry in placed {
            let terms = PodTerms(entry.pod)
            let wishes = terms.affinity.map { ($0, 1) } + terms.preferences.map { ($0.term, $0.weight) }
            for (term, weight) in wishes where term.matcher.matches(pod.traits, namespaces) {
                let domain = value(term.topologyKey, of: entry.node)
                if domain != nil, domain == node.metadata.labels[term.topologyKey] { sum += weight }
            }
        }
        return sum
    }

    func spread(_ pod: PodNeeds, _ node: NodeView) -> String? {
        let constraints = pod.terms.spread.filter(\.isRequired)
        let labelled = nodes.filter { node in constraints.allSatisfy { node.metadata.labels[$0.topologyKey] != nil } }
        for constraint in constraints {
            guard let own = node.metadata.labels[constraint.topologyKey] else {
                return "node(s) didn't match pod topology spread constraints (missing required label)"
            }
            var domains: [String: Int] = [:]
            for other in labelled where constraint.includes(NodeFacts(other), pod) {
                let pods = placed.count {
                    $0.node == other.metadata.name && constraint.matcher.matches(PodTraits($0.pod), namespaces)
                }
                domains[other.metadata.labels[constraint.topologyKey] ?? "", default: 0] += pods
            }
            let least = domains.count < constraint.minDomains ? 0 : domains.values.min() ?? 0
            let skew = (domains[own] ?? 0) + (constraint.matchesItself ? 1 : 0) - least
            if skew > constraint.maxSkew { return "node(s) didn't match pod topology spread constraints" }
        }
        return nil
    }
}

/// A cluster that changes at random, kept both ways.
private struct RandomCluster {
    var dice: Dice
    var state = SchedulingState()
    var nodes: [String: NodeView] = [:]
    var pods: [String: (pod: PodView, node: String, isAssumed: Bool)] = [:]
    var namespaces: NamespaceLabels = [:]

    private static let apps = ["web", "db", "log"]
    private static let keys = ["zone", "host", "rack"]

    init(seed: UInt64) { dice = Dice(seed: seed) }

    private mutating func labels() -> [String: String] {
        var labels = ["app": dice.pick(Self.apps)]
        if dice.roll(2) == 0 { labels["tier"] = dice.pick(["front", "back"]) }
        return labels
    }

    private mutating func selector() -> Value {
        switch dice.roll(6) {
        case 0: return ["matchExpressions": [["key": "tier", "operator": "Exists"]]]
        case 1: return ["matchExpressions": [["key": "app", "operator": "NotIn", "values": ["db"]]]]
        case 2: return ["matchExpressions": [["key": "app", "operator": "In", "values": ["web", "log"]]]]
        case 3: return [:]
        default: return ["matchLabels": ["app": .string(dice.pick(Self.apps))]]
        }
    }

    private mutating func term() -> Value {
        var term: Value = ["labelSelector": selector(), "topologyKey": .string(dice.pick(Self.keys))]
        switch dice.roll(5) {
        case 0: term["namespaces"] = ["n1"]
        case 1: term["namespaceSelector"] = ["matchLabels": ["team": "x"]]
        case 2: term["namespaceSelector"] = [:]
        default: break
        }
        return term
    }

    private mutating func spread() -> Value {
        var constraint: Value = [
            "labelSelector": selector(), "topologyKey": .string(dice.pick(Self.keys)),
            "maxSkew": .integer(Int64(1 + dice.roll(2))), "whenUnsatisfiable": "DoNotSchedule",
        ]
        if dice.roll(3) == 0 { constraint["minDomains"] = .integer(Int64(1 + dice.roll(4))) }
        if dice.roll(3) == 0 { constraint["nodeAffinityPolicy"] = "Ignore" }
        if dice.roll(3) == 0 { constraint["nodeTaintsPolicy"] = "Honor" }
        return constraint
    }

    mutating func pod(_ name: String, on node: String? = nil) -> PodView {
        var spec: Value = ["affinity": [:]]
        for kind in ["podAffinity", "podAntiAffinity"] {
            spec["affinity", kind] = [:]
            for strength in ["required", "preferred"] where dice.roll(3) == 0 {
                let terms = (0...dice.roll(2)).map { _ in term() }
                spec["affinity", kind, "\(strength)DuringSchedulingIgnoredDuringExecution"] = .array(
                    strength == "required"
                        ? terms : terms.map { ["weight": .integer(Int64(1 + dice.roll(9))), "podAffinityTerm": $0] })
            }
        }
        if dice.roll(2) == 0 { spec["topologySpreadConstraints"] = [spread()] }
        if dice.roll(4) == 0 { spec["nodeSelector"] = ["zone": "a"] }
        return Scene.pod(
            name, labels(), in: dice.pick(["n1", "n2"]), on: node, isTerminating: node != nil && dice.roll(6) == 0, spec
        )
    }

    private mutating func node(_ name: String) -> NodeView {
        var labels: [String: String] = [:]
        if dice.roll(6) > 0 { labels["host"] = name }
        if dice.roll(6) > 0 { labels["zone"] = dice.pick(["a", "b", "c"]) }
        if dice.roll(2) > 0 { labels["rack"] = dice.pick(["1", "2"]) }
        return Scene.node(
            name, labels, spec: dice.roll(5) == 0 ? ["taints": [["key": "k", "effect": "NoSchedule"]]] : [:])
    }

    mutating func change(_ step: Int) {
        let name = "node\(dice.roll(6))"
        switch dice.roll(8) {
        case 0, 1:
            nodes[name] = node(name)
            state.setNode(name, nodes[name])
        case 2 where nodes.count > 2:
            nodes[name] = nil
            state.setNode(name, nil)
        case 3:
            let namespace = dice.pick(["n1", "n2"])
            namespaces[namespace] = dice.roll(3) == 0 ? nil : ["team": dice.pick(["x", "y"])]
            state.setNamespace(namespace, namespaces[namespace])
        case 4 where !pods.isEmpty:
            let uid = dice.pick(pods.keys.sorted())
            if pods[uid]?.isAssumed == true { state.forget(uid: uid) } else { state.setPod(uid: uid, nil) }
            pods[uid] = nil
        case 5 where !pods.isEmpty:
            relabel(dice.pick(pods.keys.sorted()))
        default:
            let isAssumed = dice.roll(2) == 0
            let pod = pod("pod\(step)", on: isAssumed ? nil : name)
            let uid = pod.metadata.uid
            pods[uid] = (pod, name, isAssumed)
            if isAssumed { state.assume(uid: uid, pod, on: name) } else { state.setPod(uid: uid, pod) }
        }
    }

    /// A pod has other labels; what it asks stays.
    private mutating func relabel(_ uid: String) {
        guard let known = pods[uid], !known.isAssumed else { return }
        let new = Scene.pod(
            known.pod.metadata.name, labels(), in: known.pod.metadata.namespace, on: known.node,
            ["affinity": known.pod.spec.affinity ?? [:]])
        pods[uid] = (new, known.node, false)
        state.setPod(uid: uid, new)
    }
}

@Suite struct IncrementalStateTests {
    @Test(arguments: 0..<40) func itAnswersAsACountFromScratch(_ seed: UInt64) {
        var cluster = RandomCluster(seed: seed)
        for step in 0..<60 {
            cluster.change(step)
            let pod = PodNeeds(cluster.pod("asked"), claims: ClaimDemand())
            cluster.state.prepare(pod.terms)
            let state = cluster.state
            let nodes = cluster.nodes.values.sorted { $0.metadata.name < $1.metadata.name }
            let naive = NaiveCount(
                nodes: nodes, placed: cluster.pods.values.map { ($0.pod, $0.node) }, namespaces: cluster.namespaces)
            let loads = nodes.compactMap { state.load(of: $0.metadata.name) }
            let spread = TopologySpreadFilter(pod, state)
            let affinity = PodAffinityFilter(pod, state)
            for (node, load) in zip(nodes, loads) {
                let place = Comment(rawValue: "seed \(seed), step \(step), node \(node.metadata.name)")
                #expect(spread?.refusal(of: load)?.reasons.first == naive.spread(pod, node), place)
                #expect(affinity?.refusal(of: load)?.reasons.first == naive.affinity(pod, node), place)
            }
            let sums = nodes.map { naive.attraction(pod, $0) }
            let range = (sums.max() ?? 0) - (sums.min() ?? 0)
            let expected = sums.map { range == 0 ? 0 : Int(100 * (Double($0 - (sums.min() ?? 0)) / Double(range))) }
            let scores = PodAffinityScore(pod, state)?.scores(of: loads) ?? Array(repeating: 0, count: loads.count)
            #expect(scores == expected, "seed \(seed), step \(step)")
        }
    }

    @Test func whatIsNotKeptIsCountedWhenItIsAskedFor() {
        let web = ["app": "web"]
        let state = Scene.state(PodAffinityTests.nodes, [PodAffinityTests.webOnA1])
        let pod = Scene.pod("p", Scene.near(Scene.term(web, by: PodAffinityTests.host)))
        #expect(state.place(pod, claims: ClaimDemand()) == .node("a1"))
        #expect(state.tallies.matching.rows.isEmpty)
    }

    @Test func sumsAreKeptWithinALimit() {
        var state = Scene.state(PodAffinityTests.nodes, [PodAffinityTests.webOnA1])
        for number in 0..<3000 {
            state.prepare(PodTerms(Scene.pod("p", Scene.apart(Scene.term(["app": "a\(number)"], by: "zone")))))
        }
        #expect(state.tallies.matching.rows.count <= 1024)
        let apart = Scene.pod("p", Scene.apart(Scene.term(["app": "web"], by: "zone")))
        #expect(Scene.open(.interPodAffinity, apart, state) == ["b1", "bare"])
    }

    @Test func nothingStaysOfPodsAndNodesThatAreGone() {
        var state = SchedulingState()
        for round in 0..<50 {
            for index in 0..<4 {
                let name = "r\(round)-\(index)"
                state.setNode(name, Scene.node(name, ["host": name]))
                state.setPod(uid: name, Scene.pod(name, on: name, Scene.apart(Scene.term(["a": "b"], by: "host"))))
            }
            for index in 0..<4 {
                let name = "r\(round)-\(index)"
                if index % 2 == 0 { state.setNode(name, nil) }
                state.setPod(uid: name, nil)
                state.setNode(name, nil)
            }
        }
        #expect(state.loads.count == 4)
        #expect(state.order.slots.isEmpty)
        #expect(state.tallies.holders.rows.isEmpty)
        #expect(state.tallies.topologies.isEmpty)
    }
}

import Kinds
import ObjectModel
import Testing

@testable import Scheduling

@Suite struct TopologySpreadTests {
    static let web = ["app": "web"]
    static let nodes = [
        Scene.node("a1", ["zone": "a", "host": "a1"]), Scene.node("a2", ["zone": "a", "host": "a2"]),
        Scene.node("b1", ["zone": "b", "host": "b1"]), Scene.node("b2", ["zone": "b", "host": "b2"]),
    ]

    /// One web pod for each name in `on`.
    static func webs(_ on: String...) -> [PodView] {
        on.enumerated().map { Scene.pod("w\($0)", web, on: $1) }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var nodes = TopologySpreadTests.nodes
        let there: [PodView]
        let pod: PodView
        let open: [String]
    }

    static let cases: [Case] = [
        Case(
            testDescription: "nobody there", there: [], pod: Scene.pod("p", web, Scene.spread(web, by: "zone")),
            open: ["a1", "a2", "b1", "b2"]),
        Case(
            testDescription: "the zone with fewer pods", there: webs("a1", "a2", "b1"),
            pod: Scene.pod("p", web, Scene.spread(web, by: "zone")), open: ["b1", "b2"]),
        Case(
            testDescription: "the nodes with fewer pods", there: webs("a1", "a2", "b1"),
            pod: Scene.pod("p", web, Scene.spread(web, by: "host")), open: ["b2"]),
        Case(
            testDescription: "a larger skew", there: webs("a1", "a2", "b1"),
            pod: Scene.pod("p", web, Scene.spread(web, by: "zone", skew: 2)), open: ["a1", "a2", "b1", "b2"]),
        Case(
            testDescription: "a pod that is not one of those it counts", there: webs("a1"),
            pod: Scene.pod("p", Scene.spread(web, by: "zone")), open: ["a1", "a2", "b1", "b2"]),
        Case(
            testDescription: "pods of other namespaces do not count",
            there: [Scene.pod("w", web, in: "other", on: "a1")],
            pod: Scene.pod("p", web, Scene.spread(web, by: "zone")), open: ["a1", "a2", "b1", "b2"]),
        Case(
            testDescription: "pods that are being deleted do not count",
            there: [Scene.pod("w", web, on: "a1", isTerminating: true)],
            pod: Scene.pod("p", web, Scene.spread(web, by: "zone")), open: ["a1", "a2", "b1", "b2"]),
        Case(
            testDescription: "a node without the label is closed", nodes: nodes + [Scene.node("bare")], there: [],
            pod: Scene.pod("p", web, Scene.spread(web, by: "zone")), open: ["a1", "a2", "b1", "b2"]),
        Case(
            testDescription: "fewer domains than minDomains: the least counts 0", there: webs("a1", "b1"),
            pod: Scene.pod("p", web, Scene.spread(web, by: "zone", ["minDomains": 3])), open: []),
        Case(
            testDescription: "enough domains for minDomains", there: webs("a1", "b1"),
            pod: Scene.pod("p", web, Scene.spread(web, by: "zone", ["minDomains": 2])),
            open: ["a1", "a2", "b1", "b2"]),
        Case(
            testDescription: "nodes that the pod's selector leaves out do not count", there: webs("a1"),
            pod: Scene.pod(
                "p", web, merged(Scene.spread(web, by: "zone"), ["nodeSelector": ["zone": "a"]])),
            open: ["a1", "a2", "b1", "b2"]),
        Case(
            testDescription: "unless the policy says so", there: webs("a1"),
            pod: Scene.pod(
                "p", web,
                merged(
                    Scene.spread(web, by: "zone", ["nodeAffinityPolicy": "Ignore"]), ["nodeSelector": ["zone": "a"]])),
            open: ["b1", "b2"]),
        Case(
            testDescription: "tainted nodes count", nodes: tainted, there: webs("a1"),
            pod: Scene.pod("p", web, Scene.spread(web, by: "zone")), open: ["b1"]),
        Case(
            testDescription: "unless the policy says so", nodes: tainted, there: webs("a1"),
            pod: Scene.pod("p", web, Scene.spread(web, by: "zone", ["nodeTaintsPolicy": "Honor"])),
            open: ["a1", "b1"]),
        Case(
            testDescription: "both of two constraints", there: webs("a1", "a2", "b1"),
            pod: Scene.pod("p", web, both(Scene.spread(web, by: "zone"), Scene.spread(web, by: "host"))),
            open: ["b2"]),
        Case(
            testDescription: "pods of the same revision by matchLabelKeys",
            there: [Scene.pod("w", ["app": "web", "rev": "1"], on: "a1")],
            pod: Scene.pod(
                "p", ["app": "web", "rev": "2"], Scene.spread(web, by: "zone", ["matchLabelKeys": ["rev"]])),
            open: ["a1", "a2", "b1", "b2"]),
        Case(
            testDescription: "a key of matchLabelKeys that the pod lacks is left out", there: webs("a1"),
            pod: Scene.pod("p", web, Scene.spread(web, by: "zone", ["matchLabelKeys": ["rev"]])), open: ["b1", "b2"]),
    ]

    static let tainted = [
        Scene.node("a1", ["zone": "a"]),
        Scene.node("b1", ["zone": "b"], spec: ["taints": [["key": "k", "effect": "NoSchedule"]]]),
    ]

    static func merged(_ spec: Value, _ more: Value) -> Value {
        var spec = spec
        for field in more.fields ?? Fields() { spec[field.key] = field.value }
        return spec
    }

    static func both(_ first: Value, _ second: Value) -> Value {
        let key = "topologySpreadConstraints"
        return ["topologySpreadConstraints": .array((first[key]?.array ?? []) + (second[key]?.array ?? []))]
    }

    @Test(arguments: cases) func nodesAreOpen(_ test: Case) {
        #expect(Scene.open(.podTopologySpread, test.pod, Scene.state(test.nodes, test.there)) == test.open)
    }

    @Test func reasonsHaveTheirWords() {
        let pod = Scene.pod("p", Self.web, Scene.spread(Self.web, by: "zone"))
        let state = Scene.state(Self.nodes + [Scene.node("bare")], Self.webs("a1"))
        let refusals = Scene.refusals(.podTopologySpread, pod, state)
        #expect(refusals?["a1"] == .resolvable("node(s) didn't match pod topology spread constraints"))
        #expect(
            refusals?["bare"]
                == .final("node(s) didn't match pod topology spread constraints (missing required label)"))
    }

    @Test func constraintsThatNeedNotHoldOnlyDecideBetweenNodesThatFit() {
        let soft = Scene.spread(Self.web, by: "zone", ["whenUnsatisfiable": "ScheduleAnyway"])
        let pod = Scene.pod("p", Self.web, soft)
        let state = Scene.state(Self.nodes, Self.webs("a1", "a1", "b1"))
        #expect(Scene.open(.podTopologySpread, pod, state) == nil)
        #expect(state.place(pod, claims: ClaimDemand()) == .node("b2"))
        #expect(Scene.state([Self.nodes[0]], Self.webs("a1")).place(pod, claims: ClaimDemand()) == .node("a1"))
    }
}

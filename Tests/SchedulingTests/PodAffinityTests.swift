import Kinds
import ObjectModel
import Testing

@testable import Scheduling

@Suite struct PodAffinityTests {
    static let host = "kubernetes.io/hostname"
    static let web = ["app": "web"]
    static let nodes = [
        Scene.node("a1", ["zone": "a", host: "a1"]), Scene.node("a2", ["zone": "a", host: "a2"]),
        Scene.node("b1", ["zone": "b", host: "b1"]), Scene.node("bare"),
    ]
    static let webOnA1 = Scene.pod("web", web, on: "a1")

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let pod: PodView
        var there: [PodView] = [webOnA1]
        /// nil: the filter has nothing to say.
        let open: [String]?
    }

    static let cases: [Case] = [
        Case(testDescription: "a pod that says nothing", pod: Scene.pod("p"), open: nil),
        Case(
            testDescription: "near a pod in its zone", pod: Scene.pod("p", Scene.near(Scene.term(web, by: "zone"))),
            open: ["a1", "a2"]),
        Case(
            testDescription: "near a pod on its node", pod: Scene.pod("p", Scene.near(Scene.term(web, by: host))),
            open: ["a1"]),
        Case(
            testDescription: "near nobody", pod: Scene.pod("p", Scene.near(Scene.term(["app": "db"], by: "zone"))),
            open: []),
        Case(
            testDescription: "near its own kind, being the first: every node with the label",
            pod: Scene.pod("p", ["app": "db"], Scene.near(Scene.term(["app": "db"], by: "zone"))),
            open: ["a1", "a2", "b1"]),
        Case(
            testDescription: "near its own kind, the first being on a node without the label",
            pod: Scene.pod("p", web, Scene.near(Scene.term(web, by: "zone"))), there: [Scene.pod("w", web, on: "bare")],
            open: ["a1", "a2", "b1"]),
        Case(
            testDescription: "near one pod that all terms mean",
            pod: Scene.pod(
                "p", Scene.near(Scene.term(web, by: "zone"), Scene.term(["tier": "front"], by: "zone"))),
            there: [webOnA1, Scene.pod("front", ["tier": "front"], on: "a2")], open: []),
        Case(
            testDescription: "near a pod by two keys",
            pod: Scene.pod("p", Scene.near(Scene.term(web, by: "zone"), Scene.term(web, by: host))), open: ["a1"]),
        Case(
            testDescription: "a pod that is being deleted still counts",
            pod: Scene.pod("p", Scene.near(Scene.term(web, by: host))),
            there: [Scene.pod("w", web, on: "a2", isTerminating: true)], open: ["a2"]),
        Case(
            testDescription: "apart from a pod on its node",
            pod: Scene.pod("p", Scene.apart(Scene.term(web, by: host))),
            open: ["a2", "b1", "bare"]),
        Case(
            testDescription: "apart from a pod in its zone; a node without the label is open",
            pod: Scene.pod("p", Scene.apart(Scene.term(web, by: "zone"))), open: ["b1", "bare"]),
        Case(
            testDescription: "apart from any of two",
            pod: Scene.pod(
                "p", Scene.apart(Scene.term(web, by: host), Scene.term(["app": "db"], by: "zone"))),
            there: [webOnA1, Scene.pod("db", ["app": "db"], on: "b1")], open: ["a2", "bare"]),
        Case(
            testDescription: "a pod that is there keeps away from the new one",
            pod: Scene.pod("p", web),
            there: [Scene.pod("loner", on: "a1", Scene.apart(Scene.term(web, by: "zone")))], open: ["b1", "bare"]),
        Case(
            testDescription: "a pod that is there keeps away from others", pod: Scene.pod("p", ["app": "db"]),
            there: [Scene.pod("loner", on: "a1", Scene.apart(Scene.term(web, by: "zone")))], open: nil),
        Case(
            testDescription: "a term without a selector means nobody",
            pod: Scene.pod("p", Scene.near(["topologyKey": "zone"])), open: []),
        Case(
            testDescription: "an empty selector means every pod of the namespace",
            pod: Scene.pod("p", Scene.near(Scene.term([:], by: host))), open: ["a1"]),
    ]

    @Test(arguments: cases) func nodesAreOpen(_ test: Case) {
        #expect(Scene.open(.interPodAffinity, test.pod, Scene.state(Self.nodes, test.there)) == test.open)
    }

    static let namespaceCases: [(String, Value, open: [String])] = [
        ("its own namespace", [:], ["b1"]),
        ("a namespace by name", ["namespaces": ["prod"]], ["a1"]),
        ("two by name", ["namespaces": ["prod", "default"]], ["a1", "b1"]),
        ("namespaces by label", ["namespaceSelector": ["matchLabels": ["team": "x"]]], ["a1"]),
        (
            "by name and by label", ["namespaces": ["default"], "namespaceSelector": ["matchLabels": ["team": "x"]]],
            ["a1", "b1"]
        ),
        ("all namespaces", ["namespaceSelector": [:]], ["a1", "a2", "b1"]),
        ("none by label", ["namespaceSelector": ["matchLabels": ["team": "none"]]], []),
    ]

    @Test(arguments: namespaceCases) func termsLookIntoNamespaces(_ name: String, _ more: Value, _ open: [String]) {
        let there = [
            Scene.pod("w", Self.web, in: "prod", on: "a1"), Scene.pod("w", Self.web, in: "test", on: "a2"),
            Scene.pod("w", Self.web, on: "b1"),
        ]
        let state = Scene.state(Self.nodes, there, namespaces: ["prod": ["team": "x"], "test": ["team": "y"]])
        let near = Scene.pod("p", Scene.near(Scene.term(Self.web, by: Self.host, more)))
        #expect(Scene.open(.interPodAffinity, near, state) == open)
        let apart = Scene.pod("p", Scene.apart(Scene.term(Self.web, by: Self.host, more)))
        let others = Set(["a1", "a2", "b1", "bare"]).subtracting(open).sorted()
        #expect(Scene.open(.interPodAffinity, apart, state) ?? ["a1", "a2", "b1", "bare"] == others)
    }

    @Test func thoseThatAreThereSelectTheNewPodsNamespaceByLabel() {
        let loner = Scene.pod(
            "loner", in: "other", on: "a1",
            Scene.apart(Scene.term(Self.web, by: "zone", ["namespaceSelector": ["matchLabels": ["team": "x"]]])))
        var state = Scene.state(Self.nodes, [loner], namespaces: ["default": ["team": "x"]])
        #expect(Scene.open(.interPodAffinity, Scene.pod("p", Self.web), state) == ["b1", "bare"])
        state.setNamespace("default", ["team": "y"])
        #expect(Scene.open(.interPodAffinity, Scene.pod("p", Self.web), state) == nil)
    }

    @Test func eachReasonHasItsWords() {
        func refusal(_ pod: PodView, _ there: [PodView], of node: String) -> Refusal? {
            Scene.refusals(.interPodAffinity, pod, Scene.state(Self.nodes, there))?[node] ?? nil
        }
        let term = Scene.term(Self.web, by: Self.host)
        #expect(
            refusal(Scene.pod("p", Scene.near(term)), [Self.webOnA1], of: "b1")
                == .final("node(s) didn't match pod affinity rules"))
        #expect(
            refusal(Scene.pod("p", Scene.apart(term)), [Self.webOnA1], of: "a1")
                == .resolvable("node(s) didn't match pod anti-affinity rules"))
        #expect(
            refusal(Scene.pod("p", Self.web), [Scene.pod("l", on: "a1", Scene.apart(term))], of: "a1")
                == .resolvable("node(s) didn't satisfy existing pods anti-affinity rules"))
    }

    @Test func oneReplicaGoesOnEachNodeAndTheNextWaits() {
        var state = Scene.state(Self.nodes.filter { $0.metadata.name != "bare" })
        let apart = Scene.apart(Scene.term(Self.web, by: Self.host))
        var used: Set<String> = []
        for ordinal in 0..<3 {
            let pod = Scene.pod("web-\(ordinal)", Self.web, apart)
            guard case .node(let node) = state.place(pod, claims: ClaimDemand()) else {
                Issue.record("web-\(ordinal) found no node")
                return
            }
            used.insert(node)
            state.assume(uid: pod.metadata.uid, pod, on: node)
        }
        #expect(used.count == 3)
        #expect(
            state.place(Scene.pod("web-3", Self.web, apart), claims: ClaimDemand())
                == .unschedulable(
                    "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules. preemption: 0/3 nodes "
                        + "are available: 3 No preemption victims found for incoming pod."))
    }

    static let wishes: [(String, pod: PodView, there: PodView, best: String)] = [
        (
            "near", Scene.pod("p", Scene.wish("podAffinity", 10, Scene.term(web, by: host))),
            Scene.pod("w", web, on: "b1"), "b1"
        ),
        (
            "apart", Scene.pod("p", Scene.wish("podAntiAffinity", 10, Scene.term(web, by: "zone"))),
            Scene.pod("w", web, on: "a1"), "b1"
        ),
        (
            "what a pod that is there wishes", Scene.pod("p", web),
            Scene.pod("w", on: "b1", Scene.wish("podAffinity", 10, Scene.term(web, by: host))), "b1"
        ),
        (
            "what a pod that is there requires", Scene.pod("p", web),
            Scene.pod("w", on: "b1", Scene.near(Scene.term(web, by: host))), "b1"
        ),
        (
            "what a pod that is there would rather not", Scene.pod("p", web),
            Scene.pod("w", on: "a1", Scene.wish("podAntiAffinity", 10, Scene.term(web, by: "zone"))), "b1"
        ),
    ]

    @Test(arguments: wishes) func wishesDecideBetweenNodesThatFit(
        _ name: String, _ pod: PodView, _ there: PodView, _ best: String
    ) {
        let state = Scene.state(Self.nodes.filter { $0.metadata.name != "bare" }, [there])
        #expect(state.place(pod, claims: ClaimDemand()) == .node(best))
    }
}

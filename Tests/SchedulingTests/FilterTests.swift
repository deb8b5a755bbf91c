import Kinds
import ObjectModel
import Testing

@testable import Scheduling

@Suite struct FilterTests {
    static func ports(_ ports: (String, Int64, String)...) -> Value {
        let list = ports.map { transport, number, address -> Value in
            var port: Value = ["containerPort": 80, "hostPort": .integer(number), "protocol": .string(transport)]
            if !address.isEmpty { port["hostIP"] = .string(address) }
            return port
        }
        return ["containers": [["name": "c", "ports": .array(list)]]]
    }

    static let portCases: [(String, wanted: Value, taken: Value, fits: Bool)] = [
        ("another port", ports(("TCP", 80, "")), ports(("TCP", 81, "")), true),
        ("the same port", ports(("TCP", 80, "")), ports(("TCP", 80, "")), false),
        ("another protocol", ports(("UDP", 80, "")), ports(("TCP", 80, "")), true),
        ("another address", ports(("TCP", 80, "127.0.0.1")), ports(("TCP", 80, "127.0.0.2")), true),
        ("the same address", ports(("TCP", 80, "127.0.0.1")), ports(("TCP", 80, "127.0.0.1")), false),
        ("all addresses, one taken", ports(("TCP", 80, "")), ports(("TCP", 80, "127.0.0.1")), false),
        ("one address, all taken", ports(("TCP", 80, "127.0.0.1")), ports(("TCP", 80, "0.0.0.0")), false),
        ("one of two", ports(("TCP", 80, ""), ("TCP", 81, "")), ports(("TCP", 81, "")), false),
    ]

    @Test(arguments: portCases) func hostPortsAreGivenOnce(
        _ name: String, _ wanted: Value, _ taken: Value, _ fits: Bool
    ) {
        var state = Scene.state([Scene.node("n")], [Scene.pod("t", on: "n", taken)])
        let pod = Scene.pod("p", wanted)
        #expect(Scene.open(.nodePorts, pod, state) == (fits ? ["n"] : []))
        state.setPod(uid: "default/t", nil)
        #expect(Scene.open(.nodePorts, pod, state) == ["n"])
    }

    static func nodeAffinity(_ key: String, _ comparison: String, _ values: [Value], field: Bool = false) -> Value {
        let condition: Value = ["key": .string(key), "operator": .string(comparison), "values": .array(values)]
        let term: Value = field ? ["matchFields": [condition]] : ["matchExpressions": [condition]]
        return [
            "affinity": [
                "nodeAffinity": ["requiredDuringSchedulingIgnoredDuringExecution": ["nodeSelectorTerms": [term]]]
            ]
        ]
    }

    static let affinityCases: [(String, Value, open: [String]?)] = [
        ("nothing asked", [:], nil),
        ("a node selector", ["nodeSelector": ["disk": "ssd"]], ["n1"]),
        ("In", nodeAffinity("disk", "In", ["ssd", "nvme"]), ["n1"]),
        ("NotIn", nodeAffinity("disk", "NotIn", ["ssd"]), ["n2", "n3"]),
        ("Exists", nodeAffinity("disk", "Exists", []), ["n1", "n2"]),
        ("DoesNotExist", nodeAffinity("disk", "DoesNotExist", []), ["n3"]),
        ("Gt", nodeAffinity("size", "Gt", ["5"]), ["n2"]),
        ("Lt", nodeAffinity("size", "Lt", ["10"]), ["n1"]),
        ("a node by name", nodeAffinity("metadata.name", "In", ["n3"], field: true), ["n3"]),
        (
            "no term matches nothing",
            [
                "affinity": [
                    "nodeAffinity": ["requiredDuringSchedulingIgnoredDuringExecution": ["nodeSelectorTerms": []]]
                ]
            ], []
        ),
    ]

    @Test(arguments: affinityCases) func nodeAffinityHolds(_ name: String, _ spec: Value, _ open: [String]?) {
        let nodes = [
            Scene.node("n1", ["disk": "ssd", "size": "3"]), Scene.node("n2", ["disk": "hdd", "size": "10"]),
            Scene.node("n3"),
        ]
        #expect(Scene.open(.nodeAffinity, Scene.pod("p", spec), Scene.state(nodes)) == open)
    }

    @Test func preferredNodeAffinityAndTaintsDecideBetweenNodesThatFit() {
        let wish: Value = [
            "affinity": [
                "nodeAffinity": [
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        [
                            "weight": 1,
                            "preference": ["matchExpressions": [["key": "disk", "operator": "In", "values": ["ssd"]]]],
                        ]
                    ]
                ]
            ]
        ]
        let nodes = [Scene.node("n1"), Scene.node("n2", ["disk": "ssd"])]
        #expect(Scene.state(nodes).place(Scene.pod("p", wish), claims: ClaimDemand()) == .node("n2"))
        let deterring = Scene.node("n1", spec: ["taints": [["key": "k", "effect": "PreferNoSchedule"]]])
        #expect(Scene.state([deterring, nodes[1]]).place(Scene.pod("p"), claims: ClaimDemand()) == .node("n2"))
        let tolerant: Value = ["tolerations": [["key": "k", "operator": "Exists"]]]
        #expect(
            Scene.state([deterring, nodes[1]]).place(Scene.pod("p", tolerant), claims: ClaimDemand()) == .node("n1"))
    }

    @Test func podsThatAskForNothingAreSpreadLikeSmallOnes() {
        let silent: Value = ["containers": [["name": "c"]]]
        var state = Scene.state([Scene.node("n1"), Scene.node("n2", cpu: "6")])
        for number in 0..<14 {
            let pod = Scene.pod("p\(number)", silent)
            guard case .node(let node) = state.place(pod, claims: ClaimDemand()) else { return }
            state.assume(uid: pod.metadata.uid, pod, on: node)
        }
        let loads = ["n1", "n2"].compactMap { state.load(of: $0)?.pods }
        #expect(loads.reduce(0, +) == 14)
        #expect(loads.allSatisfy { $0 > 3 })
    }

    static let tainted = Scene.node("t", spec: ["taints": [["key": "k", "effect": "NoSchedule"]]])
    static let small = Scene.node("s", cpu: "50m")
    static let messages: [(String, nodes: [NodeView], pod: PodView, text: String)] = [
        (
            "reasons are counted and sorted",
            [tainted, small, Scene.node("u", spec: ["unschedulable": true]), Scene.node("full", cpu: "50m")],
            Scene.pod("p"),
            "0/4 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 2 Insufficient "
                + "cpu. preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling."
        ),
        (
            "a pod that may not preempt", [small], Scene.pod("p", [:], ["preemptionPolicy": "Never"]),
            "0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never."
        ),
        (
            "a node by name that does not take it", [tainted, Scene.node("a"), Scene.node("b")],
            Scene.pod("p", nodeAffinity("metadata.name", "In", ["t"], field: true)),
            "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't satisfy plugin(s) "
                + "[NodeAffinity]. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
        ),
        (
            "a node by name that is not there", [Scene.node("a")],
            Scene.pod("p", nodeAffinity("metadata.name", "In", ["x"], field: true)),
            "0/1 nodes are available: 1 node(s) didn't satisfy plugin(s) [NodeAffinity]. preemption: 0/1 nodes are "
                + "available: 1 Preemption is not helpful for scheduling."
        ),
    ]

    @Test(arguments: messages) func messagesAreUpstreams(
        _ name: String, _ nodes: [NodeView], _ pod: PodView, _ text: String
    ) {
        #expect(Scene.state(nodes).place(pod, claims: ClaimDemand()) == .unschedulable(text))
    }

    @Test func namesThatExcludeEachOtherAreAConflict() {
        var spec = Self.nodeAffinity("metadata.name", "In", ["a"], field: true)
        let path: [String] = ["nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"]
        let condition: (String) -> Value = { ["key": "metadata.name", "operator": "In", "values": [.string($0)]] }
        spec["affinity", path[0], path[1], path[2]] = [["matchFields": [condition("a"), condition("b")]]]
        #expect(
            Scene.state([Scene.node("a"), Scene.node("b")]).place(Scene.pod("p", spec), claims: ClaimDemand())
                == .unschedulable(
                    "0/2 nodes are available: pod affinity terms conflict. preemption: 0/2 nodes are available: 2 "
                        + "Preemption is not helpful for scheduling."))
    }

    @Test(arguments: [(3, 3), (99, 99), (100, 100), (250, 120), (1000, 420), (5000, 500), (10_000, 500)])
    func largeClustersAreSampled(_ nodes: Int, _ sample: Int) { #expect(NodeOrder.sample(of: nodes) == sample) }

    @Test func nodesAreTakenFromEachZoneInTurn() {
        var order = NodeOrder()
        for (slot, zone) in ["a", "a", "a", "b", "b", "c"].enumerated() { order.insert(slot, zone: zone) }
        #expect(order.slots == [0, 3, 5, 1, 4, 2])
        order.remove(0)
        #expect(order.slots == [1, 3, 5, 2, 4])
        order.insert(5, zone: "b")
        #expect(order.slots == [1, 3, 2, 4, 5])
    }

    @Test func aSampledClusterIsFilledEvenly() {
        let nodes = (0..<300).map { Scene.node("n\($0)") }
        var state = Scene.state(nodes)
        for number in 0..<600 {
            let pod = Scene.pod("p\(number)")
            guard case .node(let node) = state.place(pod, claims: ClaimDemand()) else { return }
            state.assume(uid: pod.metadata.uid, pod, on: node)
        }
        #expect(nodes.allSatisfy { 1...3 ~= state.load(of: $0.metadata.name)?.pods ?? 0 })
    }
}

import Kinds
import ObjectModel
import Testing

@testable import Scheduling

@Suite struct PlacingTests {
    static func node(_ name: String, cpu: String = "4", labels: Value = [:], spec: Value = [:]) -> NodeView {
        NodeView([
            "metadata": ["name": .string(name), "labels": labels], "spec": spec,
            "status": ["allocatable": ["cpu": .string(cpu), "memory": "8Gi", "pods": "110"]],
        ])
    }

    static func pod(_ name: String = "p", cpu: String = "1", spec: Value = [:]) -> PodView {
        var object: Value = [
            "metadata": ["name": .string(name), "namespace": "default", "uid": .string("uid-\(name)")],
            "spec": [
                "containers": [
                    ["name": "c", "resources": ["requests": ["cpu": .string(cpu), "memory": "1Gi"]]]
                ]
            ],
        ]
        for field in spec.fields ?? Fields() { object["spec", field.key] = field.value }
        return PodView(object)
    }

    static func state(_ nodes: [NodeView]) -> SchedulingState {
        var state = SchedulingState()
        for node in nodes { state.setNode(node.metadata.name, node) }
        return state
    }

    @Test(arguments: ["9223372036854775807", "9223372036854775807500m", "8Ei"])
    func requestsBeyondAllNodesFillOneAndAreGivenBackExactly(_ cpu: String) {
        var state = Self.state([Self.node("a")])
        state.assume(uid: "small", Self.pod("small", cpu: "1"), on: "a")
        for uid in ["x", "y", "z"] { state.assume(uid: uid, Self.pod(uid, cpu: cpu), on: "a") }
        #expect(state.place(Self.pod(), claims: ClaimDemand()) != .node("a"))
        for uid in ["x", "y", "z"] { state.forget(uid: uid) }
        #expect(state.load(of: "a")?.milliCPU == 1000)
        #expect(state.place(Self.pod(), claims: ClaimDemand()) == .node("a"))
    }

    @Test func aNodeOfTheLargestCapacityIsScored() {
        let state = Self.state([Self.node("a", cpu: "9223372036854775807")])
        #expect(state.place(Self.pod(), claims: ClaimDemand()) == .node("a"))
    }

    @Test func theEmptiestNodeWinsAndTiesGoByName() {
        var state = Self.state([Self.node("b"), Self.node("a")])
        #expect(state.place(Self.pod(), claims: ClaimDemand()) == .node("a"))
        state.assume(uid: "x", Self.pod("x"), on: "a")
        #expect(state.place(Self.pod(), claims: ClaimDemand()) == .node("b"))
        state.forget(uid: "x")
        #expect(state.place(Self.pod(), claims: ClaimDemand()) == .node("a"))
    }

    static let repelled: Value = ["taints": [["key": "k", "value": "v", "effect": "NoSchedule"]]]

    @Test(arguments: [
        (
            node("n", cpu: "500m"), pod(),
            "1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
        ),
        (
            node("n"), pod(spec: ["nodeSelector": ["disk": "ssd"]]),
            "1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
        ),
        (
            node("n", spec: repelled), pod(),
            "1 node(s) had untolerated taint(s). preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
        ),
        (
            node("n", spec: ["unschedulable": true]), pod(),
            "1 node(s) were unschedulable. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
        ),
    ])
    func reasonsAreUpstreams(_ node: NodeView, _ pod: PodView, _ expected: String) {
        #expect(
            Self.state([node]).place(pod, claims: ClaimDemand())
                == .unschedulable("0/1 nodes are available: \(expected)"))
    }

    @Test func podsThatCouldLeaveAreNamedAsVictimsThatAreNotFound() {
        var state = Self.state([Self.node("n", cpu: "1")])
        state.assume(uid: "x", Self.pod("x"), on: "n")
        #expect(
            state.place(Self.pod(), claims: ClaimDemand())
                == .unschedulable(
                    "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption "
                        + "victims found for incoming pod."))
    }

    @Test func tolerationsAndSelectorsLetPodsIn() {
        let tolerant = Self.pod(spec: ["tolerations": [["key": "k", "operator": "Exists"]]])
        #expect(Self.state([Self.node("n", spec: Self.repelled)]).place(tolerant, claims: ClaimDemand()) == .node("n"))
        let picky = Self.pod(spec: ["nodeSelector": ["disk": "ssd"]])
        let nodes = [Self.node("a"), Self.node("b", labels: ["disk": "ssd"])]
        #expect(Self.state(nodes).place(picky, claims: ClaimDemand()) == .node("b"))
    }

    @Test func requiredNodeAffinityHolds() {
        let affinity: Value = [
            "affinity": [
                "nodeAffinity": [
                    "requiredDuringSchedulingIgnoredDuringExecution": [
                        "nodeSelectorTerms": [
                            ["matchExpressions": [["key": "zone", "operator": "In", "values": ["b", "c"]]]]
                        ]
                    ]
                ]
            ]
        ]
        let nodes = [Self.node("n1", labels: ["zone": "a"]), Self.node("n2", labels: ["zone": "b"])]
        #expect(Self.state(nodes).place(Self.pod(spec: affinity), claims: ClaimDemand()) == .node("n2"))
    }

    @Test func claimsDecideBeforeNodes() {
        var demand = ClaimDemand()
        demand.obstacle = "pod has unbound immediate PersistentVolumeClaims"
        guard case .unschedulable(let text) = Self.state([Self.node("n")]).place(Self.pod(), claims: demand) else {
            Issue.record("placed without its claim")
            return
        }
        #expect(text.hasPrefix("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."))
        var bound = ClaimDemand()
        bound.volumeAffinities = [
            NodeSelector([
                "nodeSelectorTerms": [
                    ["matchExpressions": [["key": "kubernetes.io/hostname", "operator": "In", "values": ["b"]]]]
                ]
            ])
        ]
        let nodes = ["a", "b"].map { Self.node($0, labels: ["kubernetes.io/hostname": .string($0)]) }
        #expect(Self.state(nodes).place(Self.pod(), claims: bound) == .node("b"))
    }

    @Test func withoutNodesNothingFits() {
        #expect(
            SchedulingState().place(Self.pod(), claims: ClaimDemand())
                == .unschedulable("no nodes available to schedule pods"))
    }

    @Test func assumedPodsNeverOvercommitANode() {
        var state = Self.state([Self.node("n", cpu: "3")])
        var placed = 0
        for number in 0..<10 {
            let pod = Self.pod("p\(number)")
            if case .node(let name) = state.place(pod, claims: ClaimDemand()) {
                state.assume(uid: "uid-p\(number)", pod, on: name)
                placed += 1
            }
        }
        #expect(placed == 3)
        let bound = Self.pod("p0", spec: ["nodeName": "n"])
        state.setPod(uid: "uid-p0", bound)
        #expect(state.place(Self.pod("q"), claims: ClaimDemand()) != .node("n"))
        state.setPod(uid: "uid-p0", nil)
        #expect(state.place(Self.pod("q"), claims: ClaimDemand()) == .node("n"))
    }

    @Test func loadSurvivesANodeThatComesBack() {
        var state = Self.state([Self.node("n", cpu: "1")])
        state.setPod(uid: "x", Self.pod("x", spec: ["nodeName": "n"]))
        state.setNode("n", nil)
        state.setNode("n", Self.node("n", cpu: "1"))
        #expect(state.place(Self.pod(), claims: ClaimDemand()) != .node("n"))
    }
}

@Suite struct PendingPodsTests {
    private func key(_ name: String) -> NamespacedName { NamespacedName(namespace: "default", name: name) }

    @Test func higherPriorityComesFirstThenArrival() {
        var pending = PendingPods()
        pending.add(key("a"), priority: 0)
        pending.add(key("b"), priority: 0)
        pending.add(key("c"), priority: 5)
        #expect((0..<4).map { _ in pending.next(now: .zero)?.name } == ["c", "a", "b", nil])
    }

    @Test func parkedPodsWaitForHelpAndFailedOnesForTime() {
        var pending = PendingPods()
        pending.add(key("a"), priority: 0)
        _ = pending.next(now: .zero)
        #expect(pending.next(now: .seconds(100)) == nil)
        pending.reconsiderAll()
        #expect(pending.next(now: .zero) == key("a"))
        pending.retry(key("a"), now: .zero)
        #expect(pending.nextDue == .seconds(1))
        #expect(pending.next(now: .milliseconds(999)) == nil)
        #expect(pending.next(now: .seconds(1)) == key("a"))
        pending.retry(key("a"), now: .zero)
        #expect(pending.nextDue == .seconds(2))
    }

    @Test func aPodIsNotHandedOutWhileItIsWorkedOn() {
        var pending = PendingPods()
        pending.add(key("a"), priority: 0)
        #expect(pending.next(now: .zero) == key("a"))
        pending.begin(key("a"), uid: "1")
        pending.reconsiderAll()
        #expect(pending.next(now: .zero) == nil)
        pending.finish(key("a"), uid: "0")
        #expect(pending.next(now: .zero) == nil)
        pending.finish(key("a"), uid: "1")
        #expect(pending.next(now: .zero) == key("a"))
        pending.begin(key("a"), uid: "1")
        pending.finish(key("a"), uid: "1")
        #expect(pending.next(now: .zero) == nil)
    }

    @Test func aFailedPodWaitsEvenIfSomethingCameMeanwhile() {
        var pending = PendingPods()
        pending.add(key("a"), priority: 0)
        _ = pending.next(now: .zero)
        pending.begin(key("a"), uid: "1")
        pending.reconsiderAll()
        _ = pending.next(now: .zero)
        pending.retry(key("a"), now: .zero)
        pending.finish(key("a"), uid: "1")
        #expect(pending.next(now: .zero) == nil)
        #expect(pending.next(now: .seconds(1)) == key("a"))
    }

    @Test func removedPodsAreNotHandedOut() {
        var pending = PendingPods()
        pending.add(key("a"), priority: 0)
        pending.remove(key("a"))
        #expect(pending.next(now: .zero) == nil)
        pending.add(key("a"), priority: 0)
        #expect(pending.next(now: .zero) == key("a"))
    }
}

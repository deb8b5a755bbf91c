import Kinds
import ObjectModel
import Testing

@testable import Scheduling

@Suite struct NodeOpinionsTests {
    private static let subjects: [Value] = [
        [:], ["nodeSelector": ["disk": "fast"]],
        ["tolerations": [["key": "k", "operator": "Exists"]]],
        ["containers": [["name": "c", "resources": ["requests": ["cpu": "3", "memory": "1Gi"]]]]],
        ["containers": [["name": "c", "ports": [["containerPort": 80, "hostPort": 80]]]]],
        [
            "affinity": [
                "nodeAffinity": [
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        [
                            "weight": 10,
                            "preference": [
                                "matchExpressions": [["key": "disk", "operator": "In", "values": ["fast"]]]
                            ],
                        ]
                    ]
                ]
            ]
        ],
    ]

    private static func node(_ number: Int, _ dice: inout Dice) -> NodeView {
        var node: Value = [
            "metadata": ["name": .string("n\(number)"), "labels": [:]],
            "spec": [:],
            "status": ["allocatable": ["cpu": .string("\(2 + dice.roll(6))"), "memory": "8Gi", "pods": "5"]],
        ]
        if dice.roll(2) == 0 { node["metadata", "labels", "disk"] = "fast" }
        if dice.roll(4) == 0 { node["spec", "unschedulable"] = true }
        let effects = ["NoSchedule", "PreferNoSchedule"]
        if dice.roll(3) == 0 {
            node["spec", "taints"] = [["key": "k", "effect": .string(effects[dice.roll(2)])]]
        }
        return NodeView(node)
    }

    /// Nodes change, come and go, pods come and go: what is remembered is what a fresh look says.
    @Test(arguments: 0..<20) func whatIsRememberedIsWhatAFreshLookSays(_ seed: UInt64) {
        var dice = Dice(seed: seed)
        var state = SchedulingState()
        for number in 0..<8 { state.setNode("n\(number)", Self.node(number, &dice)) }
        var memo = OpinionMemo()
        for step in 0..<200 {
            let number = dice.roll(8)
            switch dice.roll(6) {
            case 0: state.setNode("n\(number)", Self.node(number, &dice))
            case 1: state.setNode("n\(number)", nil)
            case 2: state.forget(uid: "pod\(dice.roll(step + 1))")
            default:
                let pod = Scene.pod("pod\(step)", dice.pick(Self.subjects))
                state.assume(uid: "pod\(step)", pod, on: "n\(number)")
            }
            let pod = PodNeeds(Scene.pod("asked", dice.pick(Self.subjects)), claims: ClaimDemand())
            var remembered = memo.take(for: pod)
            var fresh = NodeOpinions(pod, pod.subject)
            var fitting: [Int] = []
            for slot in state.order.slots {
                let (known, seen) = (
                    remembered.refusal(of: slot, in: state.loads), fresh.refusal(of: slot, in: state.loads)
                )
                #expect(known?.filter == seen?.filter && known?.refusal == seen?.refusal, "seed \(seed), step \(step)")
                if seen == nil { fitting.append(slot) }
            }
            #expect(remembered.sums(of: fitting) == fresh.sums(of: fitting), "seed \(seed), step \(step)")
            memo.keep(remembered)
        }
    }

    @Test func podsOfOneTemplateLookOnceAtANodeThatDidNotChange() {
        var state = Scene.state((0..<3).map { Scene.node("n\($0)") })
        var pod = PodNeeds(Scene.pod("a"), claims: ClaimDemand())
        guard case .node(let node) = state.verdict(on: pod).placement else {
            Issue.record("the first pod fits nowhere")
            return
        }
        state.assume(uid: "a", Scene.pod("a"), on: node)
        pod = PodNeeds(Scene.pod("b"), claims: ClaimDemand())
        let opinions = state.takeOpinions(for: pod)
        let known = state.order.slots.filter { opinions.knows($0, in: state.loads) }
        #expect(known.map { state.loads[$0].facts.name } == ["n0", "n1", "n2"].filter { $0 != node })
    }
}

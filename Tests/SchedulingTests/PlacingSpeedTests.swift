import Kinds
import ObjectModel
import Testing

@testable import Scheduling

/// How long decisions take on 1,000 nodes: printed, never judged. 10,000 pods in a release build, fewer in a debug one.
@Suite(.serialized) struct PlacingSpeedTests {
    static let shapes: [(String, Value)] = [
        ("plain", [:]),
        ("anti-affinity by host in sets of 10", Scene.apart(Scene.term(["app": "APP"], by: "host"))),
        ("spread over zones", Scene.spread(["app": "APP"], by: "zone")),
        ("spread over hosts", Scene.spread(["app": "APP"], by: "host")),
        (
            "preferred anti-affinity by zone",
            Scene.wish("podAntiAffinity", 10, Scene.term(["app": "APP"], by: "zone"))
        ),
    ]

    static let cluster = Scene.state(
        (0..<1000).map { Scene.node("n\($0)", ["host": "n\($0)", "zone": "z\($0 % 3)"]) })

    @Test(arguments: shapes) func decisionsOnAThousandNodes(_ shape: String, _ spec: Value) throws {
        var state = Self.cluster
        let text = JSON.text(spec)
        let count = Self.isOptimized ? 10_000 : 200
        let pods = try (0..<count).map { index in
            let app = "app\(index / 10)"
            let own = try JSON.parse(text.replacing("APP", with: app))
            return Scene.pod("p\(index)", ["app": app], own)
        }
        let clock = ContinuousClock()
        var placed = 0
        let time = clock.measure {
            for pod in pods {
                let needs = PodNeeds(pod, claims: ClaimDemand())
                guard case .node(let node) = state.verdict(on: needs).placement else { continue }
                state.assume(uid: pod.metadata.uid, pod, on: node)
                placed += 1
            }
        }
        #expect(placed == count)
        print("placing \(shape): \(count) pods in \(time), \(time / count) each")
    }

    private static var isOptimized: Bool {
        var isDebug = false
        assert(
            {
                isDebug = true
                return true
            }())
        return !isDebug
    }
}

import ControllerRuntime
import Controllers
import Kinds
import ObjectModel
import Testing

/// One plan stays small, however many replicas are asked for.
@Suite struct ScaleLimitTests {
    private let caches = ControlCaches()

    private func created(_ model: SetModel, pods: [Value] = []) throws -> [String] {
        caches.statefulSets.replace([model.set], at: Revision(100))
        caches.pods.replace(pods, at: Revision(100))
        let key = NamespacedName(namespace: "ns", name: "web")
        let observed = try #require(StatefulSetReconciler().observe(key, in: caches))
        let plan = StatefulSetReconciler().reconcile(observed, at: Timestamp(seconds: 1_800_000_000))
        return plan.actions.compactMap { action in
            guard case .create(.pods, let pod, _) = action else { return nil }
            return pod.name
        }
    }

    @Test func twoBillionOrderedReplicasAreOneCreationAtATime() throws {
        #expect(try created(SetModel(replicas: 2_000_000_000)) == ["web-0"])
    }

    @Test func twoBillionParallelReplicasAreCreatedInLimitedPlans() throws {
        let model = SetModel(replicas: 2_000_000_000, spec: ["podManagementPolicy": "Parallel"])
        let first = try created(model)
        #expect(first == (0..<500).map { "web-\($0)" })
        #expect(try created(model, pods: (0..<500).map(pod)) == (500..<1000).map { "web-\($0)" })
    }

    /// A set operation over all ordinals ends early for none, and for many of which all are found: not for these.
    @Test(.timeLimit(.minutes(1)), arguments: [[0], [0, 2_000_000_007]])
    func noOrdinalIsLookedForOneByOne(ordinals: [Int]) throws {
        let model = SetModel(replicas: 2_000_000_000)
        for _ in 0..<10 { #expect(try created(model, pods: ordinals.map(pod)).isEmpty) }
    }

    private func pod(_ ordinal: Int) -> Value {
        [
            "metadata": [
                "name": .string("web-\(ordinal)"), "namespace": "ns", "uid": .string("uid-\(ordinal)"),
                "resourceVersion": "50",
                "labels": ["app": "web"],
                "ownerReferences": [
                    ["kind": "StatefulSet", "name": "web", "uid": "set-uid", "controller": true]
                ],
            ],
            "status": ["phase": "Pending"],
        ]
    }
}

import ControllerRuntime
import Kinds
import MetricsExposition
import ObjectModel
import Testing

@testable import Controllers

@Suite struct StatefulSetMetricsTests {
    private let registry = MetricsRegistry()
    private let caches = ControlCaches()

    private func set(_ policy: String, available: Int) -> Value {
        [
            "metadata": [
                "name": "web", "namespace": "ns", "uid": "u", "resourceVersion": .string("\(10 + available)"),
            ],
            "spec": [
                "replicas": 5, "podManagementPolicy": .string(policy),
                "updateStrategy": ["type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": "50%"]],
            ],
            "status": ["availableReplicas": .integer(Int64(available))],
        ]
    }

    private func expected(_ policy: String, allowed: Int, unavailable: Int) -> String {
        let labels =
            "{pod_management_policy=\"\(policy)\",statefulset_name=\"web\",statefulset_namespace=\"ns\"}"
        let name = "statefulset_controller_statefulset_"
        return """
            # TYPE \(name)max_unavailable gauge
            \(name)max_unavailable\(labels) \(allowed)
            # TYPE \(name)unavailable_replicas gauge
            \(name)unavailable_replicas\(labels) \(unavailable)

            """
    }

    @Test func theGaugesFollowTheSetAndGoWithIt() {
        let metrics = StatefulSetMetrics(registry)
        caches.statefulSets.onChange { metrics.apply($0) }
        caches.statefulSets.replace([set("OrderedReady", available: 1)], at: Revision(11))
        #expect(registry.text() == expected("OrderedReady", allowed: 2, unavailable: 4))
        caches.statefulSets.replace([set("OrderedReady", available: 5)], at: Revision(15))
        #expect(registry.text() == expected("OrderedReady", allowed: 2, unavailable: 0))
        caches.statefulSets.replace([], at: Revision(16))
        #expect(registry.text() == "")
    }

    @Test func aSetOfAnotherPolicyTakesThePlaceOfTheFormer() {
        let metrics = StatefulSetMetrics(registry)
        caches.statefulSets.onChange { metrics.apply($0) }
        caches.statefulSets.replace([set("OrderedReady", available: 1)], at: Revision(11))
        caches.statefulSets.replace([set("Parallel", available: 2)], at: Revision(12))
        #expect(registry.text() == expected("Parallel", allowed: 2, unavailable: 3))
    }
}

import MetricsExposition
import NodeInterfaces
import Testing

@testable import NodeAgent

@Suite struct NodeMetricsTests {
    @Test func podsAndContainersAreCountedByWhatTheRuntimeHas() {
        let registry = MetricsRegistry()
        let pods = [
            RuntimePod(
                sandboxes: [PodFixture.sandbox()],
                containers: [PodFixture.running("a"), PodFixture.exited("b", code: 1)]),
            RuntimePod(sandboxes: [PodFixture.sandbox()], containers: [PodFixture.running("a")]),
            RuntimePod(sandboxes: [PodFixture.sandbox(ready: false)], containers: [PodFixture.unknown("a")]),
            RuntimePod(),
        ]
        NodeMetrics(node: "n", registry).publish(pods.map(RuntimeTally.init))
        #expect(
            registry.text() == """
                # TYPE kubelet_running_containers gauge
                kubelet_running_containers{container_state="created",node="n"} 0
                kubelet_running_containers{container_state="exited",node="n"} 1
                kubelet_running_containers{container_state="running",node="n"} 2
                kubelet_running_containers{container_state="unknown",node="n"} 1
                # TYPE kubelet_running_pods gauge
                kubelet_running_pods{node="n"} 2

                """)
    }
}

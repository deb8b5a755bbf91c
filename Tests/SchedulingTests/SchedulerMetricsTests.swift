import APIProtocol
import ControllerRuntime
import Kinds
import MetricsExposition
import ObjectModel
import Testing

@testable import Scheduling

@Suite(.timeLimit(.minutes(1))) struct SchedulerMetricsTests {
    private let registry = MetricsRegistry()

    private func value(_ series: String) -> String? {
        registry.text().split(separator: "\n").first { $0.hasPrefix(series + " ") }
            .map { String($0.dropFirst(series.count + 1)) }
    }

    private func attempts(_ result: String) -> String? {
        value("scheduler_schedule_attempts_total{profile=\"default-scheduler\",result=\"\(result)\"}")
    }

    private func pending(_ queue: String) -> String? { value("scheduler_pending_pods{queue=\"\(queue)\"}") }

    @Test func attemptsAreCountedByTheirResult() async {
        let fixture = SchedulerFixture()
        let refused = "POST /api/v1/namespaces/ns/pods/r/binding"
        let transport = HeldTransport(refusing: [refused])
        await fixture.run(transport, metrics: registry) {
            fixture.start(nodes: [SchedulerFixture.node("n", cpu: "2")])
            for (revision, name) in ["a", "r"].enumerated() {
                let pod = SchedulerFixture.pod(name, revision: revision + 2)
                fixture.pods.apply(WatchEvent(kind: .added, object: pod))
                await transport.waitFor("POST /api/v1/namespaces/ns/pods/\(name)/binding")
            }
            var large = SchedulerFixture.pod("large", revision: 5)
            large["spec", "containers"] = [["name": "c", "resources": ["requests": ["cpu": "64"]]]]
            fixture.pods.apply(WatchEvent(kind: .added, object: large))
            await transport.waitFor("PATCH /api/v1/namespaces/ns/pods/large/status")
        }
        #expect(attempts("scheduled") == "1")
        #expect(attempts("error") == "1")
        #expect(attempts("unschedulable") == "1")
        let labels = "{profile=\"default-scheduler\",result=\"scheduled\"}"
        #expect(value("scheduler_scheduling_attempt_duration_seconds_count\(labels)") == "1")
        #expect(pending("unschedulable") == "1")
    }

    @Test func eachPodIsInOneQueue() {
        var pods = PendingPods()
        for name in ["a", "b", "c"] { pods.add(NamespacedName(namespace: "ns", name: name), priority: 0) }
        let first = pods.next(now: .zero)
        if let first { pods.retry(first, now: .zero) }
        let rejection = Rejection(filters: [.nodeResourcesFit], pod: PodNeeds(Scene.pod("b"), claims: ClaimDemand()))
        let second = pods.next(now: .zero)
        if let second { pods.refuse(second, rejection) }
        #expect(pods.counts == [.active: 1, .backoff: 1, .unschedulable: 1])
        SchedulerMetrics(registry).publish(pods.counts)
        #expect([pending("active"), pending("backoff"), pending("unschedulable")] == ["1", "1", "1"])
    }
}

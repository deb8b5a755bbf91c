import APIProtocol
import ControllerRuntime
import Logging
import MetricsExposition
import ObjectModel
import Synchronization
import Testing

/// What a controller tells of its queue, by client-go's names.
@Suite(.timeLimit(.minutes(1))) struct ControllerMetricsTests {
    /// Does one failing action for `bad`, and nothing for other keys; each look takes a second of the clock.
    private struct Looks: Reconciler {
        let pass: @Sendable () -> Void

        func observe(_ key: String, in caches: Void) -> String? { key }
        func reconcile(_ observed: String, at now: Timestamp) -> Plan {
            pass()
            guard observed == "bad" else { return .nothing }
            return Plan([
                .delete(
                    Action.Deletion(
                        APIResource(kind: "Pod", plural: "pods"), NamespacedName(namespace: "ns", name: "p"), uid: "u"))
            ])
        }
    }

    @Test func theQueueTellsOfItself() async {
        let registry = MetricsRegistry()
        let uptime = Mutex(Duration.zero)
        let retries = Signal()
        let clock = ControlClock(
            now: { Timestamp(seconds: 0) }, uptime: { uptime.withLock { $0 } },
            sleep: { _ in
                retries.give()
                await Signal().wait()
                throw CancellationError()
            }, random: { 0 })
        let client = APIClient(ScriptedTransport([]))
        let looks = Looks(pass: { uptime.withLock { $0 += .seconds(1) } })
        let controller = Controller(
            "test", looks, caches: (), sources: [], client: client,
            events: EventRecorder(component: "test", client: client, clock: clock), workers: 1, clock: clock,
            metrics: registry, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        controller.enqueue("good")
        controller.enqueue("bad")
        await controller.publishMetrics()
        #expect(value("workqueue_depth", registry) == "2")
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await controller.run() }
            // It sleeps until the failed key is due, which is when both were looked at.
            await retries.wait()
            await controller.publishMetrics()
            group.cancelAll()
        }
        #expect(value("workqueue_depth", registry) == "0")
        #expect(value("workqueue_adds_total", registry) == "2")
        #expect(value("workqueue_retries_total", registry) == "1")
        #expect(value("workqueue_work_duration_seconds_sum", registry) == "2")
        // The second waited while the first was looked at.
        #expect(value("workqueue_queue_duration_seconds_sum", registry) == "1")
        #expect(value("workqueue_unfinished_work_seconds", registry) == "0")
    }

    private func value(_ name: String, _ registry: MetricsRegistry) -> String? {
        let series = "\(name){name=\"test\"} "
        return registry.text().split(separator: "\n").first { $0.hasPrefix(series) }
            .map { String($0.dropFirst(series.count)) }
    }
}

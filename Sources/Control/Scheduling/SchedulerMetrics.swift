internal import CoreMetrics
internal import ObjectModel

/// What the scheduler tells of itself, by upstream's names.
struct SchedulerMetrics: Sendable {
    /// How an attempt to place a pod ended.
    enum Result: String, Sendable, CaseIterable { case scheduled, unschedulable, error }

    private struct Attempts: Sendable {
        var count: Counter
        var time: Timer
    }

    private let attempts: [Result: Attempts]
    private let pending: [PendingPods.Queue: Meter]

    init(_ factory: any MetricsFactory) {
        attempts = Dictionary(
            uniqueKeysWithValues: Result.allCases.map { result in
                let labels = [("profile", Scheduler.schedulerName), ("result", result.rawValue)]
                return (
                    result,
                    Attempts(
                        count: Counter(
                            label: "scheduler_schedule_attempts_total", dimensions: labels, factory: factory),
                        time: Timer(
                            label: "scheduler_scheduling_attempt_duration_seconds", dimensions: labels,
                            factory: factory))
                )
            })
        pending = Dictionary(
            uniqueKeysWithValues: PendingPods.Queue.allCases.map {
                ($0, Meter(label: "scheduler_pending_pods", dimensions: [("queue", $0.rawValue)], factory: factory))
            })
    }

    /// An attempt has ended.
    func attempted(_ result: Result, in time: Duration) {
        attempts[result]?.count.increment()
        attempts[result]?.time.recordNanoseconds(time.nanoseconds)
    }

    /// Sets how many pods wait in which queue.
    func publish(_ counts: [PendingPods.Queue: Int]) {
        for (queue, meter) in pending { meter.set(counts[queue] ?? 0) }
    }
}

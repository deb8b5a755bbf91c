internal import CoreMetrics
internal import ObjectModel

/// What a work queue tells of itself, by client-go's names (`workqueue_…`, label `name`).
struct WorkQueueMetrics: Sendable {
    private let additions: Counter
    private let retries: Counter
    private let waiting: Timer
    private let work: Timer
    private let depth: Meter
    private let unfinished: Meter
    private let longest: Meter

    init(queue name: String, _ factory: any MetricsFactory) {
        let labels = [("name", name)]
        additions = Counter(label: "workqueue_adds_total", dimensions: labels, factory: factory)
        retries = Counter(label: "workqueue_retries_total", dimensions: labels, factory: factory)
        waiting = Timer(label: "workqueue_queue_duration_seconds", dimensions: labels, factory: factory)
        work = Timer(label: "workqueue_work_duration_seconds", dimensions: labels, factory: factory)
        depth = Meter(label: "workqueue_depth", dimensions: labels, factory: factory)
        unfinished = Meter(label: "workqueue_unfinished_work_seconds", dimensions: labels, factory: factory)
        longest = Meter(
            label: "workqueue_longest_running_processor_seconds", dimensions: labels, factory: factory)
    }

    func added(_ count: Int) {
        if count > 0 { additions.increment(by: count) }
    }
    func failed() { retries.increment() }
    func began(after wait: Duration) { waiting.recordNanoseconds(wait.nanoseconds) }
    func ended(after time: Duration) { work.recordNanoseconds(time.nanoseconds) }

    /// Sets what is so at a moment.
    func publish(depth count: Int, timesInWork: [Duration]) {
        depth.set(count)
        unfinished.set(timesInWork.reduce(.zero, +).inSeconds)
        longest.set((timesInWork.max() ?? .zero).inSeconds)
    }
}

internal import CoreMetrics
internal import Synchronization

/// The value of one metric under one set of labels.
protocol MetricCell: AnyObject, Sendable {
    /// Which one it is.
    var series: MetricSeries { get }
    /// The lines of it: suffix of the name, labels besides its own, value.
    var samples: [MetricSample] { get }
}

/// A metric's name with a set of labels.
struct MetricSeries: Sendable, Hashable {
    let name: String
    let labels: MetricLabels
}

/// One line of a metric.
struct MetricSample: Hashable {
    var suffix = ""
    var bound: Double?
    var value: Double
}

/// A sum that only grows.
final class CounterCell: MetricCell, CounterHandler, FloatingPointCounterHandler {
    let series: MetricSeries
    private let total = Mutex(0.0)

    init(_ series: MetricSeries) { self.series = series }

    var samples: [MetricSample] { [MetricSample(value: total.withLock { $0 })] }

    func increment(by amount: Int64) { increment(by: Double(amount)) }
    func increment(by amount: Double) {
        guard amount > 0 else { return }
        total.withLock { $0 += amount }
    }
    func reset() { total.withLock { $0 = 0 } }
}

/// A value that goes up and down.
final class GaugeCell: MetricCell, MeterHandler, RecorderHandler {
    let series: MetricSeries
    private let current = Mutex(0.0)

    init(_ series: MetricSeries) { self.series = series }

    var samples: [MetricSample] { [MetricSample(value: current.withLock { $0 })] }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { current.withLock { $0 = value } }
    func increment(by amount: Double) { current.withLock { $0 += amount } }
    func decrement(by amount: Double) { current.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }
}

/// How often values fell below each bound. What timers record is in seconds.
final class HistogramCell: MetricCell, TimerHandler, RecorderHandler {
    private struct State {
        var counts: [Int]
        var sum = 0.0
        var count = 0
    }

    let series: MetricSeries
    private let bounds: [Double]
    private let state: Mutex<State>

    init(_ series: MetricSeries, bounds: [Double]) {
        self.series = series
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count)))
    }

    var samples: [MetricSample] {
        let state = state.withLock { $0 }
        var below = 0
        var samples = zip(bounds, state.counts).map { bound, count in
            below += count
            return MetricSample(suffix: "_bucket", bound: bound, value: Double(below))
        }
        samples.append(MetricSample(suffix: "_bucket", bound: .infinity, value: Double(state.count)))
        samples.append(MetricSample(suffix: "_sum", value: state.sum))
        samples.append(MetricSample(suffix: "_count", value: Double(state.count)))
        return samples
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 }
        state.withLock { state in
            state.sum += value
            state.count += 1
            if let bucket { state.counts[bucket] += 1 }
        }
    }
}

package import CoreMetrics
internal import Synchronization

/// Keeps what the parts of a process measure, and writes it in Prometheus' text format, version 0.0.4.
///
/// It is the backend of swift-metrics' types: counters, gauges (meters and plain recorders) and histograms (timers, in
/// seconds, and aggregating recorders). One name is one type: asking for another traps. At most `maximumSeries` sets of
/// labels are kept of a name; what comes beyond is counted nowhere, and `ordinal_metrics_dropped_series_total` says so.
package final class MetricsRegistry: MetricsFactory {
    /// How many sets of labels of one name are kept.
    package static let maximumSeries = 20_000
    /// The content type of the text.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"
    private static let droppedSeries = "ordinal_metrics_dropped_series_total"

    private struct Family {
        var type: MetricType
        var series: [MetricLabels: any MetricCell] = [:]
    }

    private let descriptions: [String: MetricDescription]
    private let families = Mutex<[String: Family]>([:])

    /// An empty registry. `descriptions` says of names what swift-metrics does not: help and buckets.
    package init(descriptions: [String: MetricDescription] = [:]) { self.descriptions = descriptions }

    /// The names that have values.
    package var names: Set<String> { families.withLock { Set($0.keys) } }

    /// Everything as text, by names and labels.
    package func text() -> String {
        let families = families.withLock { $0 }
        var text = ExpositionText()
        for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
            text.begin(name, family.type, help: descriptions[name]?.help)
            for (labels, cell) in family.series.sorted(by: { $0.key < $1.key }) {
                for sample in cell.samples { text.add(sample, of: name, labels) }
            }
        }
        return text.text
    }

    /// The counter of a name with these labels.
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        cell(label, dimensions, .counter, make: CounterCell.init)
    }

    /// The counter of fractions of a name with these labels.
    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        cell(label, dimensions, .counter, make: CounterCell.init)
    }

    /// The gauge of a name with these labels.
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        cell(label, dimensions, .gauge, make: GaugeCell.init)
    }

    /// The histogram of a name with these labels or, when it does not aggregate, the gauge.
    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        aggregate ? histogram(label, dimensions) : cell(label, dimensions, .gauge, make: GaugeCell.init)
    }

    /// The histogram, in seconds, of a name with these labels.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions)
    }

    /// Forgets a counter.
    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    /// Forgets a counter.
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    /// Forgets a gauge.
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    /// Forgets a histogram or gauge.
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    /// Forgets a histogram.
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    private func histogram(_ name: String, _ dimensions: [(String, String)]) -> HistogramCell {
        let bounds = descriptions[name]?.buckets ?? MetricDescription.usualBuckets
        return cell(name, dimensions, .histogram) { HistogramCell($0, bounds: bounds) }
    }

    private func cell<Cell: MetricCell>(
        _ name: String, _ dimensions: [(String, String)], _ type: MetricType, make: (MetricSeries) -> Cell
    ) -> Cell {
        let series = MetricSeries(name: name, labels: MetricLabels(dimensions))
        let known = families.withLock { families -> Cell? in
            if let cell = families[name]?.series[series.labels] as? Cell { return cell }
            precondition(families[name]?.type ?? type == type, "the metric \(name) is measured as two types")
            guard families[name]?.series.count ?? 0 < Self.maximumSeries else { return nil }
            let cell = make(series)
            families[name, default: Family(type: type)].series[series.labels] = cell
            return cell
        }
        if let known { return known }
        cell(Self.droppedSeries, [("name", name)], .counter, make: CounterCell.init).increment(by: 1.0)
        return make(series)
    }

    private func remove(_ handler: Any) {
        guard let cell = handler as? any MetricCell else { return }
        families.withLock { $0[cell.series.name]?.series[cell.series.labels] = nil }
    }
}

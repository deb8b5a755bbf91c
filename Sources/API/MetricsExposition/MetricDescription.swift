/// What is said of a metric besides its values.
package struct MetricDescription: Sendable, Hashable {
    /// One line for people.
    package let help: String
    /// The upper bounds of a histogram's buckets, ascending, without the infinite one; of no use to other metrics.
    package let buckets: [Double]

    /// A description.
    package init(_ help: String, buckets: [Double] = MetricDescription.usualBuckets) {
        self.help = help
        self.buckets = buckets
    }

    /// The buckets of Prometheus' client libraries: 5 ms to 10 s.
    package static let usualBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    /// `count` bounds, each `factor` times the one before.
    package static func exponentialBuckets(from first: Double, factor: Double, count: Int) -> [Double] {
        var bounds: [Double] = []
        var bound = first
        for _ in 0..<count {
            bounds.append(bound)
            bound *= factor
        }
        return bounds
    }
}

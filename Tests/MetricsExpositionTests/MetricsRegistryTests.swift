import CoreMetrics
import MetricsExposition
import Testing

@Suite struct MetricsRegistryTests {
    private let registry = MetricsRegistry(descriptions: [
        "wait_seconds": MetricDescription("How long.", buckets: [0.1, 1]),
        "odd": MetricDescription("One \\ two\nthree \"four\"."),
    ])

    @Test func countersAddUpByLabels() {
        Counter(label: "asked_total", dimensions: [("verb", "GET"), ("code", "200")], factory: registry).increment()
        // The same labels in another order are the same series.
        Counter(label: "asked_total", dimensions: [("code", "200"), ("verb", "GET")], factory: registry)
            .increment(by: 2)
        Counter(label: "asked_total", dimensions: [("code", "404"), ("verb", "GET")], factory: registry).increment()
        FloatingPointCounter(label: "spent_total", factory: registry).increment(by: 0.25)
        #expect(
            registry.text() == """
                # TYPE asked_total counter
                asked_total{code="200",verb="GET"} 3
                asked_total{code="404",verb="GET"} 1
                # TYPE spent_total counter
                spent_total 0.25

                """)
    }

    @Test func gaugesGoUpAndDownAndAway() {
        let gauge = Meter(label: "depth", dimensions: [("name", "a")], factory: registry)
        gauge.set(5)
        gauge.decrement(by: 2)
        #expect(registry.text() == "# TYPE depth gauge\ndepth{name=\"a\"} 3\n")
        gauge.destroy()
        #expect(registry.text() == "")
        Gauge(label: "level", factory: registry).record(7)
        #expect(registry.text() == "# TYPE level gauge\nlevel 7\n")
    }

    @Test func timersAreHistogramsInSecondsWithTheBucketsOfTheirName() {
        let timer = Timer(label: "wait_seconds", dimensions: [("name", "a")], factory: registry)
        for nanoseconds in [100_000_000, 500_000_000, 3_000_000_000] as [Int64] {
            timer.recordNanoseconds(nanoseconds)
        }
        #expect(
            registry.text() == """
                # HELP wait_seconds How long.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{name="a",le="0.1"} 1
                wait_seconds_bucket{name="a",le="1"} 2
                wait_seconds_bucket{name="a",le="+Inf"} 3
                wait_seconds_sum{name="a"} 3.6
                wait_seconds_count{name="a"} 3

                """)
    }

    @Test func whatWouldEndALineIsEscaped() {
        Meter(label: "odd", dimensions: [("path", "a\"b\\c\nd")], factory: registry).set(1)
        #expect(
            registry.text() == #"""
                # HELP odd One \\ two\nthree "four".
                # TYPE odd gauge
                odd{path="a\"b\\c\nd"} 1

                """#)
    }

    @Test func aQuoteWithACombiningMarkIsEscapedToo() {
        Meter(label: "odd", dimensions: [("path", "a\"\u{301}b")], factory: registry).set(1)
        #expect(registry.text().hasSuffix("odd{path=\"a\\\"\u{301}b\"} 1\n"))
    }

    @Test(arguments: [
        (0.0, "0"), (-3.0, "-3"), (1e14, "100000000000000"), (0.005, "0.005"), (1e-8, "1e-08"), (1e300, "1e+300"),
        (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
    ])
    func numbersAreThoseOfTheFormat(_ value: Double, _ text: String) {
        Meter(label: "n", factory: registry).set(value)
        #expect(registry.text() == "# TYPE n gauge\nn \(text)\n")
    }

    @Test func aNameHasALimitOfLabelsAndSaysWhatItDropped() {
        for number in 0..<(MetricsRegistry.maximumSeries + 3) {
            Counter(label: "many_total", dimensions: [("n", "\(number)")], factory: registry).increment()
        }
        let lines = registry.text().split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("many_total{") } == MetricsRegistry.maximumSeries)
        #expect(lines.contains("ordinal_metrics_dropped_series_total{name=\"many_total\"} 3"))
    }

    @Test func exponentialBucketsGrowByTheirFactor() {
        #expect(MetricDescription.exponentialBuckets(from: 0.5, factor: 2, count: 4) == [0.5, 1, 2, 4])
    }
}

import APIServer
import MetricsExposition
import Testing

@testable import ClusterAssembly

@Suite struct ProcessMetricsTests {
    private let stat =
        "42 (a (b) c) S 1 42 42 0 -1 4194560 100 0 0 0 250 150 0 0 20 0 9 0 6000 1048576 300 18446744073709551615"
    private let boot = "cpu 1 2 3\nbtime 1700000000\nprocesses 9\n"

    @Test func theKernelsTextsAreRead() {
        let state = ProcessState(stat: stat, boot: boot, ticksPerSecond: 100, pageSize: 4096)
        #expect(state?.processorSeconds == 4)
        #expect(state?.virtualBytes == 1_048_576)
        #expect(state?.residentBytes == 1_228_800)
        #expect(state?.startSeconds == 1_700_000_060)
    }

    @Test(arguments: ["", "42 (a) S 1", "no brackets"])
    func anythingElseIsNothing(_ stat: String) {
        #expect(ProcessState(stat: stat, boot: boot, ticksPerSecond: 100, pageSize: 4096) == nil)
        #expect(ProcessState(stat: self.stat, boot: "", ticksPerSecond: 100, pageSize: 4096) == nil)
    }

    @Test func everyMetricOfAProcessIsDescribed() async {
        let metrics = ClusterMetrics()
        let text = await metrics.page.text()
        let names = metrics.registry.names
        #expect(names.count >= 8)
        #expect(names.filter { MetricCatalog.descriptions[$0] == nil } == [])
        #expect(text.contains("process_resident_memory_bytes "))
        #expect(text.contains("kubernetes_build_info{git_version=\"v1.36.0\""))
    }
}

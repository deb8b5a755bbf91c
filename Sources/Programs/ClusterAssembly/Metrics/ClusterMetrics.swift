internal import APIServer
internal import ControllerRuntime
internal import MetricsExposition
internal import Synchronization

/// What all parts of a cluster in this process measure, on one page.
final class ClusterMetrics: Sendable {
    /// Where they measure.
    let registry = MetricsRegistry(descriptions: MetricCatalog.descriptions)
    private let process: ProcessMetrics
    private let publishers = Mutex<[@Sendable () async -> Void]>([])

    init() { process = ProcessMetrics(registry) }

    /// Asks `publish`, before each scrape, for what is so at that moment.
    func follow(_ publish: @escaping @Sendable () async -> Void) { publishers.withLock { $0.append(publish) } }

    /// Asks these parts.
    func follow(_ loops: [any ControlLoop]) {
        for loop in loops { follow { await loop.publishMetrics() } }
    }

    /// Forgets whom to ask: they end, and hold what holds this.
    func endFollowing() { publishers.withLock { $0 = [] } }

    /// What `/metrics` answers.
    var page: MetricsPage {
        MetricsPage(contentType: MetricsRegistry.contentType) { [self] in
            process.publish()
            for publish in publishers.withLock({ $0 }) { await publish() }
            return registry.text()
        }
    }
}

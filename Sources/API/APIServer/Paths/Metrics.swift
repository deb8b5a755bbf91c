internal import APIProtocol
internal import Logging
internal import ObjectModel
internal import ObjectStorage
internal import Schema

/// What `/metrics` answers.
package struct MetricsPage: Sendable {
    /// The content type of the text.
    package let contentType: String
    /// Everything that is measured, as text; called for each scrape.
    package let text: @Sendable () async -> String

    /// A page.
    package init(contentType: String, text: @escaping @Sendable () async -> String) {
        self.contentType = contentType
        self.text = text
    }
}

extension APIServer {
    /// `/metrics`: for those who may read that path, who are not everybody.
    func metricsReply(_ page: MetricsPage) async -> APIResponse {
        APIResponse(
            code: 200, headers: HTTPFields([("Content-Type", page.contentType)]),
            body: .bytes(Array(await page.text().utf8)))
    }

    /// Sets the metrics that say how things are at this moment: requests in flight, stored objects of each kind.
    package func publishMetrics() async {
        let current = requestsInFlight.current
        metrics.publish(reads: current.reads, writes: current.writes)
        for kind in served.registry.kinds where kind.verbs.contains("list") && kind.storedVersion == nil {
            // Upstream's sign of a count that could not be made.
            var count = -1
            do throws(StoreError) {
                count = try await store.count(of: kind.resource)
            } catch {
                parts.logger.debug("objects cannot be counted", metadata: ["error": "\(error)"])
            }
            metrics.publish(kind.resource, count: count)
        }
    }
}

extension Store {
    fileprivate func count(of resource: GroupResource) async throws(StoreError) -> Int {
        let page = try await objects(in: KeyRange(resource), at: .latest, after: nil, limit: 1)
        return page.objects.count + page.remaining
    }
}

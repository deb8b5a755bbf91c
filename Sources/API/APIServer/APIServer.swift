package import APIProtocol
package import CoreMetrics
package import Logging
internal import ObjectModel
package import ObjectStorage
package import Schema
internal import Synchronization

/// The parts that the API server is made of besides the store and the kinds.
package struct APIServerParts: Sendable {
    /// Who asks.
    package var authenticator = Authenticator()
    /// What may be done.
    package var authorizer: any Authorizer
    /// Rules about writes, in the order they run.
    package var admission: [any AdmissionPlugin] = []
    /// What answers custom subresources.
    package var subresources: [SubresourceKey: any SubresourceHandler] = [:]
    /// Makes the OpenAPI documents of a set of kinds; nil when none are served.
    package var makeOpenAPI: (@Sendable (KindRegistry) -> OpenAPIDocuments)?
    /// What `/readyz` asks besides the server itself.
    package var readiness: [HealthCheck] = []
    /// How many requests that read may be in flight; above it the answer is 429 with Retry-After.
    package var maximumReadsInFlight = 400
    /// The same of requests that write.
    package var maximumWritesInFlight = 200
    /// Time and randomness.
    package var environment = ServerEnvironment.system
    /// Where it measures.
    package var metrics: any MetricsFactory = NOOPMetricsHandler.instance
    /// What `/metrics` answers; nil when it is not served.
    package var metricsPage: MetricsPage?
    /// Where faults are told.
    package var logger = Logger(label: "ordinal.apiserver")

    /// Parts with an authorizer, everything else as usual.
    package init(authorizer: any Authorizer) { self.authorizer = authorizer }
}

/// The API of a cluster: any kind, over any store. It conforms to the seam that the HTTPS client conforms to as well,
/// so that controllers do not know where it is.
///
/// A request takes at most 60 seconds; then the answer is 504 and what it began is cancelled. Watches, logs and channels
/// are answered at once and go on beyond that.
package final class APIServer: APITransport {
    /// The kinds served and what is published of them.
    struct Served: Sendable {
        let registry: KindRegistry
        let discovery: DiscoveryDocuments
        let openAPI: OpenAPIDocuments?
    }

    private let servedState: Mutex<Served>
    let store: any Store
    let parts: APIServerParts
    let requestsInFlight: RequestsInFlight
    let recent = RecentTrees()
    let metrics: RequestMetrics

    /// A server of the kinds in `registry` over `store`.
    package init(registry: KindRegistry, store: any Store, parts: APIServerParts) {
        servedState = Mutex(Self.served(registry, parts))
        self.store = store
        self.parts = parts
        metrics = RequestMetrics(parts.metrics)
        requestsInFlight = RequestsInFlight(
            maximumReads: parts.maximumReadsInFlight, maximumWrites: parts.maximumWritesInFlight)
    }

    /// The kinds served now. Setting replaces them for every request that begins afterwards.
    package var registry: KindRegistry {
        get { served.registry }
        set {
            let served = Self.served(newValue, parts)
            servedState.withLock { $0 = served }
        }
    }

    var served: Served { servedState.withLock { $0 } }

    private static func served(_ registry: KindRegistry, _ parts: APIServerParts) -> Served {
        Served(
            registry: registry, discovery: DiscoveryDocuments(registry), openAPI: parts.makeOpenAPI?(registry))
    }

    /// Passes a request through the pipeline; every failure is answered with its Status.
    package func send(_ request: APIRequest) async throws(TransportError) -> APIResponse {
        guard !Task.isCancelled else { throw .cancelled }
        let begin = parts.environment.uptime()
        let target = RequestTarget.resolve(request)
        let response = try await answerOrStatus(request, target)
        if let requests = requestClass(request, target) {
            metrics.answered(requests, code: response.code, in: parts.environment.uptime() - begin)
        }
        return response
    }

    private func answerOrStatus(
        _ request: APIRequest, _ target: RequestTarget
    ) async throws(TransportError) -> APIResponse {
        do throws(APIStatus) {
            return try await answer(request, target)
        } catch {
            if Task.isCancelled { throw .cancelled }
            if error.code >= 500 {
                parts.logger.warning(
                    "a request failed",
                    metadata: [
                        "method": "\(request.method.rawValue)", "path": "\(request.path)", "code": "\(error.code)",
                        "message": "\(error.message)",
                    ])
            }
            return .status(error)
        }
    }
}

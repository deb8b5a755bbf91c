package import APIProtocol
package import Logging
internal import ObjectModel
package import ObjectStorage
package import Schema
internal import Synchronization

/// One sub-check of `/livez` or `/readyz`.
package struct HealthCheck: Sendable {
    /// Its name, such as `etcd` or `informer-sync`.
    package let name: String
    /// Nil when it is well, else why not.
    package let failure: @Sendable () async -> String?

    /// A check.
    package init(_ name: String, failure: @escaping @Sendable () async -> String?) {
        self.name = name
        self.failure = failure
    }
}

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
    /// What `/readyz` asks besides the server itself.
    package var readiness: [HealthCheck] = []
    /// Time and randomness.
    package var environment = ServerEnvironment.system
    /// Where faults are told.
    package var logger = Logger(label: "ordinal.apiserver")

    /// Parts with an authorizer, everything else as usual.
    package init(authorizer: any Authorizer) { self.authorizer = authorizer }
}

/// The API of a cluster: any kind, over any store. It conforms to the seam that the HTTPS client conforms to as well,
/// so that controllers do not know where it is.
package final class APIServer: APITransport {
    private let registryState: Mutex<KindRegistry>
    let store: any Store
    let parts: APIServerParts

    /// A server of the kinds in `registry` over `store`.
    package init(registry: KindRegistry, store: any Store, parts: APIServerParts) {
        registryState = Mutex(registry)
        self.store = store
        self.parts = parts
    }

    /// The kinds served now. Setting replaces them for every request that begins afterwards.
    package var registry: KindRegistry {
        get { registryState.withLock { $0 } }
        set { registryState.withLock { $0 = newValue } }
    }

    package func send(_ request: APIRequest) async throws(TransportError) -> APIResponse {
        .status(.unavailable("not served yet"))
    }
}

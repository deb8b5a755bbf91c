internal import APIProtocol
internal import APIServer
internal import BuiltinAPI
internal import Kinds
internal import Logging
internal import MetricsExposition
internal import ObjectModel
internal import ObjectStorage
internal import Schema
internal import Synchronization

/// The API server with everything that builtin kinds need.
struct ControlPlane: Sendable {
    let api: APIServer
    let readiness: Readiness
    let metrics = ClusterMetrics()
    let logger: Logger

    init(
        _ configuration: ClusterConfiguration, store: any Store, security: SecurityMaterial,
        nodes: any NodeDirectory, logger: Logger
    ) throws(StartupError) {
        let environment = ServerEnvironment.system
        let tokens = ClusterTokens(
            tokens: security.tokens, subjects: TokenSubjects(store: store), now: environment.now,
            makeID: environment.makeUID)
        let readiness = Readiness()
        var parts = APIServerParts(authorizer: GroupAuthorizer())
        parts.authenticator = Authenticator(tokens: tokens)
        parts.admission = BuiltinAdmission.plugins(
            store: store, serviceRange: configuration.serviceRange, environment: environment)
        parts.subresources = BuiltinSubresources.handlers(nodes: nodes, tokens: tokens, store: store)
        parts.readiness = [
            HealthCheck("bootstrap") { readiness.isReady ? nil : "the cluster's first objects are being made" }
        ]
        parts.environment = environment
        parts.metrics = metrics.registry
        parts.metricsPage = metrics.page
        parts.logger = logger
        do throws(Catalog.Malformed) {
            let catalog = try BuiltinKinds.catalog()
            parts.makeOpenAPI = {
                OpenAPIDocuments($0, catalog: catalog, version: Release.kubernetesVersion)
            }
            api = APIServer(registry: try BuiltinKinds.registry(catalog), store: store, parts: parts)
        } catch {
            throw .failed("the catalogue of builtin kinds is damaged: \(error)")
        }
        self.readiness = readiness
        self.logger = logger
        metrics.follow { [weak api] in await api?.publishMetrics() }
    }

    /// Every resource that can be listed.
    var resources: [APIResource] { api.registry.listedResources }

    /// A client for a part of this process, known by its user name and group.
    func client(_ name: String, group: String, userAgent: String) -> APIClient {
        APIClient(
            api, credentials: .inProcess(UserInfo(name: name, groups: [group])), userAgent: userAgent)
    }

    /// The client of the control plane's own parts.
    var controllerClient: APIClient {
        client(
            "system:kube-controller-manager", group: GroupAuthorizer.controllersGroup,
            userAgent: "ordinal-controllers/\(Release.version)")
    }
}

/// Whether the cluster's first objects are there; `/readyz` asks.
final class Readiness: Sendable {
    private let ready = Mutex(false)
    var isReady: Bool { ready.withLock { $0 } }
    func reached() { ready.withLock { $0 = true } }
}

/// The nodes of this process by their names.
final class ConnectedNodes: NodeDirectory {
    private let connections = Mutex<[String: any NodeConnection]>([:])

    func connection(to name: String) async -> (any NodeConnection)? { connections.withLock { $0[name] } }
    func connect(_ name: String, _ connection: any NodeConnection) {
        connections.withLock { $0[name] = connection }
    }
}

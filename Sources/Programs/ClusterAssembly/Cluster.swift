internal import APIProtocol
internal import BuiltinAPI
internal import ClusterPKI
internal import ControllerRuntime
internal import Controllers
internal import Glibc
internal import HTTPServing
internal import Logging
internal import MetricsExposition
internal import ObjectModel
internal import Scheduling

/// One cluster in this process: the API, the control plane and the nodes.
///
/// It runs until its task is cancelled; then the API stops, pods go on, and the next run on the same data directory takes them
/// over.
package struct Cluster: Sendable {
    private let configuration: ClusterConfiguration
    private let directory: DataDirectory
    private let logger: Logger

    /// A cluster; nothing is made yet.
    package init(_ configuration: ClusterConfiguration) {
        self.configuration = configuration
        directory = DataDirectory(configuration.dataDirectory)
        var logger = Logger(label: "ordinal", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = configuration.logLevel
        self.logger = logger
    }

    /// Runs the cluster. Throws a `StartupError` when it cannot start.
    package func run() async throws {
        // The process is small: two event loops serve its API, its DNS and its clients.
        EventLoopThreads.limit(to: 2)
        try Preconditions.check(configuration, socket: directory.containerdSocket)
        try directory.create()
        let lock = try directory.lock()
        defer { withExtendedLifetime(lock) {} }
        try directory.keep(nodeName: configuration.nodeName)
        let former = Instance.read(directory)
        if let objection = former?.objection(toRuntime: configuration.runtime.rawValue) { throw objection }
        let store = try await OpenStore.open(configuration.store, directory)
        do {
            // Simulated containers go with their process.
            let podsEnded = former?.isDown == true || configuration.runtime == .simulated
            try await run(on: store, podsEnded: podsEnded)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    private func run(on store: OpenStore, podsEnded: Bool) async throws {
        let nodes = ConnectedNodes()
        let node = try NodeParts.make(configuration, directory, id: try directory.instanceID(), logger: logger)
        let security = try await SecurityMaterial.prepare(
            directory, configuration, bridge: node.bridgeAddress, now: .systemNow())
        let plane = try ControlPlane(
            configuration, store: store.store, security: security, nodes: nodes, logger: logger)
        let server = try await listen(plane, security)
        try await node.setUp()
        let port = server.addresses.first?.port ?? configuration.listenPort
        try announce(port: port, security, node)
        defer { logger.info("stopping; pods go on without the API") }

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await renewal(of: server, port: port, node).run(from: security) }
            group.addTask { await server.run() }
            group.addTask {
                try await bootstrap(plane, node, port: port, podsEnded: podsEnded)
                try await runParts(plane, security, node, nodes, server: server, port: port)
            }
            do {
                try await group.next()
            } catch {
                await server.stop()
                group.cancelAll()
                throw error
            }
            await server.stop()
            group.cancelAll()
        }
    }

    private func renewal(of server: HTTPServer, port: Int, _ node: any NodePart) -> CertificateRenewal {
        CertificateRenewal(
            clock: .system, logger: logger,
            prepare: { now in
                try await SecurityMaterial.prepare(directory, configuration, bridge: node.bridgeAddress, now: now)
            },
            apply: { security in
                try server.replaceTLS(Self.tls(security))
                try announce(port: port, security, node)
            })
    }

    private func listen(_ plane: ControlPlane, _ security: SecurityMaterial) async throws -> HTTPServer {
        var configuration = HTTPServerConfiguration()
        configuration.tls = Self.tls(security)
        do throws(HTTPServerError) {
            let server = try HTTPServer(configuration: configuration, transport: plane.api, logger: logger)
            try await server.start([
                ListenAddress(host: self.configuration.listenHost, port: self.configuration.listenPort)
            ])
            return server
        } catch {
            if case .addressInUse(let address) = error {
                throw StartupError.portInUse(host: address.host, port: address.port)
            }
            throw StartupError.failed(error.description)
        }
    }

    private static func tls(_ security: SecurityMaterial) -> ServerTLS {
        ServerTLS(
            certificateChain: security.server.certificate, privateKey: security.server.key,
            clientAuthority: security.authority.pair.certificate)
    }

    /// Writes what other commands and kubectl need to find the cluster.
    private func announce(port: Int, _ security: SecurityMaterial, _ node: any NodePart) throws {
        let server = "https://\(configuration.listenHost):\(port)"
        let kubeconfig = KubeconfigText.write(
            server: server, authority: security.authority.pair.certificate, client: security.administrator)
        try DataDirectory.write(kubeconfig, to: configuration.kubeconfigPath, mode: 0o600)
        let instance = Instance(
            pid: getpid(), server: server, kubeconfig: configuration.kubeconfigPath,
            runtime: configuration.runtime.rawValue, socket: node.socket ?? "", podRange: configuration.podRange,
            serviceRange: configuration.serviceRange)
        try instance.write(to: directory)
        logger.notice(
            "the API is served", metadata: ["server": "\(server)", "kubeconfig": "\(configuration.kubeconfigPath)"])
    }

    private func bootstrap(_ plane: ControlPlane, _ node: any NodePart, port: Int, podsEnded: Bool) async throws {
        // Endpoints may not be on loopback; where no pod network exists, none of them is reached either.
        let gateway = configuration.podRange.address(at: 1) ?? configuration.podRange.base
        let settings = BootstrapSettings(
            serviceRange: configuration.serviceRange, apiAddress: node.bridgeAddress ?? gateway, apiPort: port,
            dnsAddress: configuration.dnsAddress)
        let client = plane.client("system:apiserver", group: UserInfo.mastersGroup, userAgent: "ordinal-bootstrap")
        do throws(APIError) {
            try await Bootstrap(client, settings).run()
            if podsEnded { try await StoppedPods(client, at: .systemNow()).run() }
        } catch {
            throw StartupError.failed("the cluster's first objects cannot be made: \(error)")
        }
        plane.readiness.reached()
    }

    /// Runs everything that is a client of the API, until the task is cancelled or a part fails.
    private func runParts(
        _ plane: ControlPlane, _ security: SecurityMaterial, _ node: any NodePart, _ nodes: ConnectedNodes,
        server: HTTPServer, port: Int
    ) async throws {
        let client = plane.controllerClient
        let caches = ControlCaches()
        let controllers = Controllers.all(
            Controllers.Setting(
                caches: caches, client: client, caPEM: security.authority.pair.certificate,
                volumeSources: node.volumeSources,
                resources: { plane.resources }, metrics: plane.metrics.registry, logger: logger))
        let events = EventRecorder(component: Scheduler.schedulerName, client: client)
        let scheduler = Scheduler(
            SchedulerCaches(
                pods: caches.pods, nodes: caches.nodes, claims: caches.claims, volumes: caches.volumes,
                classes: caches.storageClasses, namespaces: caches.namespaces), client: client, events: events,
            metrics: plane.metrics.registry, logger: logger)
        plane.metrics.follow(controllers + [scheduler])
        defer { plane.metrics.endFollowing() }
        // What subscribes to the caches is made before they are fed.
        let parts = try await node.prepare(plane, caches, nodes)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for loop in controllers + [events, scheduler] + caches.informers(client: client) {
                group.addTask { await loop.run() }
            }
            group.addTask {
                try await parts.run { address in try await addListener(server, address, port) }
            }
            for try await _ in group {}
        }
    }

    /// Serves the API on the pods' side too.
    private func addListener(_ server: HTTPServer, _ address: IPv4Address, _ port: Int) async throws {
        guard !server.addresses.contains(where: { $0.host == address.description || $0.host == "0.0.0.0" }) else {
            return
        }
        do throws(HTTPServerError) {
            try await server.addListener(host: address.description, port: port)
        } catch {
            throw StartupError.failed(error.description)
        }
    }
}

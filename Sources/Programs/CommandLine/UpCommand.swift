internal import ArgumentParser
internal import ClusterAssembly
internal import Logging
internal import ObjectModel
internal import UnixSignals

struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run the control plane and a node in this process.",
        discussion: """
            Writes a kubeconfig and serves the API until it gets SIGINT or SIGTERM. Pods keep running when it ends; the \
            next `ordinal up` on the same data directory takes them over. To stop the pods: `ordinal down`.
            """)

    @OptionGroup var dataDirectory: DataDirectoryOption
    @Option(help: ArgumentHelp("Address and port of the API. Default: 127.0.0.1:6443.", valueName: "host:port"))
    var listen: String?
    @Option(help: ArgumentHelp("Where to write the kubeconfig. Default: DATA_DIR/kubeconfig.", valueName: "file"))
    var kubeconfig: String?
    @Option(
        help: ArgumentHelp(
            "The node's name. Default: the one of the last start, at first the host name.", valueName: "name"))
    var nodeName: String?
    @Option(help: ArgumentHelp("The DNS domain of the cluster. Default: cluster.local.", valueName: "domain"))
    var clusterDomain: String?
    @Option(help: ArgumentHelp("Where pods get their addresses. Default: 10.244.0.0/16.", valueName: "range"))
    var podCidr: String?
    @Option(help: ArgumentHelp("Where Services get theirs. Default: 10.96.0.0/16.", valueName: "range"))
    var serviceCidr: String?
    @Option(help: ArgumentHelp("Where objects are kept: sqlite or memory. Default: sqlite.", valueName: "store"))
    var store: String?
    @Option(
        help: ArgumentHelp(
            "What runs the containers: containerd or simulated. Default: containerd.", valueName: "runtime"))
    var runtime: String?
    @Option(help: ArgumentHelp("Use this containerd instead of a private one (unix:///…).", valueName: "socket"))
    var containerRuntimeEndpoint: String?
    @Option(help: ArgumentHelp("How many simulated nodes. Default: 1.", valueName: "count"))
    var nodes: Int?
    @Option(help: ArgumentHelp("Milliseconds a simulated container takes to start. Default: 0.", valueName: "ms"))
    var simulatedStartDelay: Int?
    @Option(
        help: ArgumentHelp("trace, debug, info, notice, warning, error or critical. Default: info.", valueName: "level")
    )
    var logLevel: String?

    func run() async throws {
        let configuration = try self.configuration()
        if let problem = configuration.problem { throw ValidationError(problem.description) }
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Cluster(configuration).run() }
                group.addTask {
                    for await _ in signals { return }
                }
                try await group.next()
                group.cancelAll()
                while (try await group.next()) != nil {}
            }
        } catch let error as StartupError {
            complain(error.description)
            throw ExitCode(1)
        } catch is CancellationError {
            // The signal's way out.
        }
    }

    func configuration() throws -> ClusterConfiguration {
        let directory = dataDirectory.path
        var configuration = ClusterConfiguration(dataDirectory: directory)
        let address = try Self.address(Settings.text(listen, "ORDINAL_LISTEN", default: "127.0.0.1:6443"))
        configuration.listenHost = address.host
        configuration.listenPort = address.port
        configuration.kubeconfigPath = Settings.absolute(
            Settings.text(kubeconfig, "ORDINAL_KUBECONFIG", default: "\(directory)/kubeconfig"))
        configuration.nodeName = Settings.text(
            nodeName, "ORDINAL_NODE_NAME", default: DataDirectory(directory).nodeName ?? Host.name)
        configuration.clusterDomain = Settings.text(clusterDomain, "ORDINAL_CLUSTER_DOMAIN", default: "cluster.local")
        configuration.podRange = try Settings.range(
            podCidr, "ORDINAL_POD_CIDR", flag: "--pod-cidr", default: configuration.podRange)
        configuration.serviceRange = try Settings.range(
            serviceCidr, "ORDINAL_SERVICE_CIDR", flag: "--service-cidr", default: configuration.serviceRange)
        configuration.store = try Settings.choice(store, "ORDINAL_STORE", flag: "--store", default: .sqlite)
        configuration.runtime = try Settings.choice(
            runtime, "ORDINAL_RUNTIME", flag: "--runtime", default: .containerd)
        configuration.runtimeEndpoint =
            containerRuntimeEndpoint ?? Settings.environment("ORDINAL_CONTAINER_RUNTIME_ENDPOINT")
        configuration.nodes = try Settings.number(nodes, "ORDINAL_NODES", flag: "--nodes", default: 1)
        configuration.simulatedStartDelay = .milliseconds(
            try Settings.number(
                simulatedStartDelay, "ORDINAL_SIMULATED_START_DELAY", flag: "--simulated-start-delay", default: 0))
        configuration.logLevel = try Settings.choice(
            logLevel, "ORDINAL_LOG_LEVEL", flag: "--log-level", default: .info)
        return configuration
    }

    static func address(_ text: String) throws -> (host: String, port: Int) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { throw ValidationError("--listen \(text): must be HOST:PORT, such as 127.0.0.1:6443") }
        let host = String(text[..<colon])
        guard IPv4Address(host) != nil else {
            throw ValidationError("--listen \(text): the host must be an IPv4 address")
        }
        return (host, port)
    }
}

internal import APIProtocol
internal import CRIRuntime
internal import ClusterDNS
internal import ControllerRuntime
internal import Controllers
internal import FoundationEssentials
internal import Logging
internal import NodeAgent
internal import ObjectModel
internal import PodNetworking
internal import Probing
internal import ServiceProxy
internal import VolumePlugins

/// This machine as a node: a containerd (private, or one that is given), the pod network, Service rules and cluster DNS.
struct ContainerdNode: NodePart {
    let configuration: ClusterConfiguration
    let directory: DataDirectory
    let names: InstanceNames
    let layout: ContainerdLayout
    let logger: Logger

    init(
        _ configuration: ClusterConfiguration, _ directory: DataDirectory, id: String, logger: Logger
    ) throws(StartupError) {
        self.configuration = configuration
        self.directory = directory
        self.logger = logger
        names = InstanceNames(dataDirID: id)
        do throws(ContainerdError) {
            layout = try ContainerdLayout(base: directory.containerd)
        } catch {
            if case .socketPathTooLong(let path, _) = error { throw .socketPathTooLong(path) }
            throw .failed(error.description)
        }
    }

    var network: NodeNetwork {
        NodeNetwork(Self.settings(configuration.podRange, configuration.serviceRange, names, layout))
    }
    var bridgeAddress: IPv4Address? { network.settings.gateway }
    var socket: String? {
        guard let endpoint = configuration.runtimeEndpoint else { return layout.socket }
        return endpoint.hasPrefix("unix://") ? String(endpoint.dropFirst(7)) : endpoint
    }
    var volumeSources: [VolumeSource] { [VolumeSource(LocalProvisioner(directory: directory.volumes))] }

    /// The network of the first node: it takes the first /24 of the pods' range.
    static func settings(
        _ podRange: IPv4Range, _ serviceRange: IPv4Range, _ names: InstanceNames, _ layout: ContainerdLayout
    ) -> PodNetworkSettings {
        var settings = PodNetworkSettings(
            names: names, nodePodRange: podRange.subrange(0, prefixLength: 24) ?? podRange, serviceRange: serviceRange,
            cniConfigurationDirectory: layout.cniConfiguration, cniAddressDirectory: layout.cniAddresses)
        settings.pluginDirectory = Preconditions.pluginFolder ?? settings.pluginDirectory
        return settings
    }

    /// containerd overlooks a CNI configuration that appears later, so the network comes first.
    func setUp() async throws {
        do throws(NetworkError) {
            try await network.setUp()
        } catch {
            throw StartupError.failed(error.description)
        }
    }

    func prepare(
        _ plane: ControlPlane, _ caches: ControlCaches, _ nodes: ConnectedNodes
    ) async throws -> any RunningNodes {
        let settings = network.settings
        do throws(ContainerdError) {
            let process =
                configuration.runtimeEndpoint == nil
                ? try ContainerdProcess(layout: layout, pluginDirectory: settings.pluginDirectory, logger: logger) : nil
            let runtime = try ContainerdRuntime(
                socket: socket ?? layout.socket, cgroupParent: names.cgroupParent, execDirectory: layout.exec,
                logger: logger)
            let proxy = ServiceProxy(
                node: ProxyNode(
                    table: names.nftTable, name: configuration.nodeName, podRange: configuration.podRange,
                    nodePodRange: settings.nodePodRange, serviceRange: configuration.serviceRange,
                    dnsAddress: configuration.dnsAddress),
                services: caches.services, slices: caches.endpointSlices, applier: NFTCommand(), logger: logger)
            let resolvers = UpstreamResolvers(
                resolvConf: DataDirectory.read("/etc/resolv.conf") ?? "", except: [configuration.dnsAddress])
            let dns = DNSServer(
                zone: DNSZone(domain: configuration.clusterDomain), upstreams: resolvers, logger: logger)
            dns.follow(services: caches.services, slices: caches.endpointSlices)
            let assembly = AgentAssembly(configuration, directory, plane, logger)
            let agent = assembly.agent(
                configuration.nodeName, address: settings.gateway.description, range: settings.nodePodRange,
                runtime: runtime, prober: SocketProber(), cgroupRoot: "kubepods")
            nodes.connect(configuration.nodeName, agent.connection)
            return RunningContainerdNode(
                bridge: settings.gateway, process: process, runtime: runtime, pauseArchive: layout.pauseImage,
                containerdLog: process == nil ? "" : layout.log, logger: logger,
                proxy: proxy, dns: dns, dnsAddress: configuration.dnsAddress, agent: agent, objects: assembly.objects)
        } catch {
            throw StartupError.failed(error.description)
        }
    }
}

/// The parts of a real node, ready to run.
struct RunningContainerdNode: RunningNodes {
    let bridge: IPv4Address
    let process: ContainerdProcess?
    let runtime: ContainerdRuntime
    let pauseArchive: String
    let containerdLog: String
    let logger: Logger
    let proxy: ServiceProxy
    let dns: DNSServer
    let dnsAddress: IPv4Address
    let agent: NodeAgent
    let objects: ClusterObjects

    func run(serve: @Sendable (IPv4Address) async throws -> Void) async throws {
        try await serve(bridge)
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let process { group.addTask { await process.run() } }
            group.addTask { await runtime.run() }
            group.addTask { await proxy.run() }
            group.addTask { await objects.run() }
            group.addTask { try await serveNames() }
            group.addTask {
                // The API and the pods that run need no containerd: it is waited for, and the node is not ready.
                await Patience(log: containerdLog, logger: logger).until {
                    try await runtime.waitUntilReady()
                    if process != nil { try await runtime.importPauseImage(archive: pauseArchive) }
                }
                await agent.run()
            }
            for try await _ in group {}
        }
    }

    private func serveNames() async throws {
        do {
            try await dns.run(addresses: [dnsAddress], port: 53)
        } catch let error as DNSServerError {
            throw StartupError.failed(error.description)
        }
    }
}

internal import Kinds
internal import ObjectModel

/// A place that serves a port of a Service.
struct Backend: Hashable, Comparable {
    let address: IPv4Address
    let port: Int

    static func < (left: Backend, right: Backend) -> Bool {
        (left.address, left.port) < (right.address, right.port)
    }
}

/// One port of a Service and who serves it, as seen from a node.
///
/// Addresses and ports come from objects that users write: what is no IPv4 address or no port is left out, so nothing
/// but numbers and checked names reaches the rules.
struct ServicePort {
    /// Who gets the traffic of one way in.
    enum Target: Equatable {
        /// These, evenly. Not empty.
        case backends([Backend])
        /// Nobody: the client is told at once.
        case reject
        /// Nobody on this node, which the Service's traffic policy demands: the packet is dropped.
        case drop
    }

    let key: NamespacedName
    let transport: String
    let port: Int
    let nodePort: Int
    let clusterIP: IPv4Address
    let externalIPs: [IPv4Address]
    let keepsClients: Bool
    /// Whether the client's address is kept for traffic from outside.
    let isExternallyLocal: Bool
    let inside: Target
    let outside: Target

    init?(_ entry: ServiceEndpoints, _ port: ServiceView.Port, node: String) {
        let service = entry.service
        guard let clusterIP = IPv4Address(service.clusterIP), Self.isPort(port.port),
            ["TCP", "UDP", "SCTP"].contains(port.transport), !service.isExternalName
        else { return nil }
        let places = Places(entry.slices, port, node: node)
        key = entry.key
        transport = port.transport.lowercased()
        self.port = port.port
        nodePort =
            Self.isPort(port.nodePort) && ["NodePort", "LoadBalancer"].contains(service.type) ? port.nodePort : 0
        self.clusterIP = clusterIP
        externalIPs = service.externalIPs.compactMap { IPv4Address($0) }
        keepsClients = service.sessionAffinity == "ClientIP"
        isExternallyLocal = service.externalTrafficPolicy == "Local"
        inside = places.target(isLocal: service.internalTrafficPolicy == "Local")
        outside = places.target(isLocal: isExternallyLocal)
    }

    /// Every port of every Service, in the order of their names.
    static func all(_ services: [ServiceEndpoints], node: String) -> [ServicePort] {
        services.sorted { $0.key < $1.key }
            .flatMap { entry in entry.service.ports.compactMap { ServicePort(entry, $0, node: node) } }
    }

    static func isPort(_ number: Int) -> Bool { (1...65535).contains(number) }
}

/// The backends of a port by what may be done with them. Kubernetes' rule: ready ones; where there is none, those that
/// terminate but still serve (KEP-1669).
private struct Places {
    private var ready: [Backend] = []
    private var terminating: [Backend] = []
    private var localReady: [Backend] = []
    private var localTerminating: [Backend] = []

    init(_ slices: [EndpointSliceView], _ port: ServiceView.Port, node: String) {
        for slice in slices where slice.addressType == "IPv4" {
            for match in slice.ports where match.name == port.name && match.transport == port.transport {
                for endpoint in slice.endpoints { add(endpoint, match.port, node: node) }
            }
        }
    }

    private mutating func add(_ endpoint: EndpointSliceView.Endpoint, _ port: Int?, node: String) {
        guard let address = endpoint.addresses.first.flatMap({ IPv4Address($0) }), let port, ServicePort.isPort(port)
        else { return }
        let backend = Backend(address: address, port: port)
        let isLocal = endpoint.nodeName == node
        if endpoint.isReady {
            ready.append(backend)
            if isLocal { localReady.append(backend) }
        } else if endpoint.isServing, endpoint.isTerminating {
            terminating.append(backend)
            if isLocal { localTerminating.append(backend) }
        }
    }

    func target(isLocal: Bool) -> ServicePort.Target {
        let anywhere = ready.isEmpty ? terminating : ready
        guard !anywhere.isEmpty else { return .reject }
        guard isLocal else { return .backends(Self.distinct(anywhere)) }
        let here = localReady.isEmpty ? localTerminating : localReady
        return here.isEmpty ? .drop : .backends(Self.distinct(here))
    }

    private static func distinct(_ backends: [Backend]) -> [Backend] { Set(backends).sorted() }
}

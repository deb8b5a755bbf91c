package import Kinds
package import ObjectModel

/// What the cluster's domain holds: Services and their endpoints, kept up to date one object at a time.
///
/// Rules: the DNS specification of Kubernetes (kubernetes/dns, 1.1.0). Nothing is remembered of names that were missing, so
/// a pod that exists is found as soon as its endpoint is.
package struct DNSZone: Sendable {
    struct Endpoint: Sendable, Hashable {
        let address: IPv4Address
        /// The host name, or the address with dashes when it has none.
        let host: String
        let ports: [Port]
    }

    struct Port: Sendable, Hashable {
        let name: String
        let transport: String
        let number: Int
    }

    struct Entry: Sendable {
        var service: ServiceView?
        var slices: [String: [Endpoint]] = [:]

        var endpoints: [Endpoint] { slices.sorted { $0.key < $1.key }.flatMap(\.value) }
    }

    /// The cluster's domain.
    package let domain: DNSName
    private(set) var entries: [NamespacedName: Entry] = [:]
    private(set) var namespaces: [String: Int] = [:]
    private(set) var owners: [IPv4Address: Set<NamespacedName>] = [:]
    /// Counts the changes: the serial of the zone.
    package private(set) var serial: UInt32 = 1

    /// An empty zone.
    package init(domain: String) { self.domain = DNSName(domain) }

    /// A Service came, changed, or (nil) went.
    package mutating func setService(_ name: NamespacedName, _ service: ServiceView?) {
        change(name) { $0.service = service }
    }

    /// A slice of a Service's endpoints came, changed, or (nil) went.
    package mutating func setSlice(_ slice: String, of service: NamespacedName, _ view: EndpointSliceView?) {
        change(service) { $0.slices[slice] = view.map(Self.endpoints) }
    }

    private mutating func change(_ name: NamespacedName, _ edit: (inout Entry) -> Void) {
        var entry = entries[name] ?? Entry()
        let wasThere = entries[name] != nil
        for address in Self.addresses(of: entry) { owners[address]?.remove(name) }
        for address in Self.addresses(of: entry) where owners[address]?.isEmpty == true { owners[address] = nil }
        edit(&entry)
        let isThere = entry.service != nil || !entry.slices.isEmpty
        entries[name] = isThere ? entry : nil
        if isThere { for address in Self.addresses(of: entry) { owners[address, default: []].insert(name) } }
        if isThere != wasThere {
            let count = namespaces[name.namespace, default: 0] + (isThere ? 1 : -1)
            namespaces[name.namespace] = count == 0 ? nil : count
        }
        serial &+= 1
    }

    private static func addresses(of entry: Entry) -> [IPv4Address] {
        let own = (entry.service?.clusterIPs ?? []).compactMap(IPv4Address.init)
        return own + entry.slices.values.flatMap { $0.map(\.address) }
    }

    private static func endpoints(_ view: EndpointSliceView) -> [Endpoint] {
        let ports = view.ports.map { Port(name: $0.name, transport: $0.transport, number: $0.port ?? 0) }
        return view.endpoints.filter(\.isReady).flatMap { endpoint in
            endpoint.addresses.compactMap(IPv4Address.init).map { address in
                let dashed = address.description.split(separator: ".").joined(separator: "-")
                return Endpoint(
                    address: address, host: endpoint.hostname.isEmpty ? dashed : endpoint.hostname, ports: ports)
            }
        }
    }
}

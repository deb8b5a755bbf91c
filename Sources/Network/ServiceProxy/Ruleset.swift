internal import ObjectModel

/// The nftables rules of a node, in nft's syntax: the whole table, replaced in one transaction.
///
/// Shape as kube-proxy's nftables mode: verdict maps lead an address and port, or a node port, to the chain of a
/// Service's port; that one chooses a backend evenly, or by the client's address where the Service asks for affinity.
/// Traffic that must come back through this node (from outside the pods, or from a pod to itself) is marked and
/// masqueraded. Addresses of the service range that lead nowhere are rejected at once. The pod bridge routes loopback
/// addresses, for node ports on 127.0.0.1; nothing else of the machine's loopback may be reached over it (CVE-2020-8558).
package func ruleset(for services: [ServiceEndpoints], on node: ProxyNode) -> String {
    var writer = RulesetWriter(node: node)
    for port in ServicePort.all(services, node: node.name) { writer.add(port) }
    return writer.text
}

/// Collects the entries of the maps and the chains they lead to.
private struct RulesetWriter {
    let node: ProxyNode
    private var addresses = VerdictMap()
    private var nodePorts = VerdictMap()
    private var chains: [String] = []
    private var endpointChains: Set<String> = []

    init(node: ProxyNode) { self.node = node }

    mutating func add(_ port: ServicePort) {
        let name = "\(port.key.namespace)/\(port.key.name)/\(port.transport)/\(port.port)"
        let inside = chain("svc-\(name)", port, port.inside, ["ip saddr != \(node.podRange) \(Self.mark)"])
        addresses.add("\(port.clusterIP) . \(port.transport) . \(port.port)", inside)
        guard port.nodePort > 0 || !port.externalIPs.isEmpty else { return }
        // A client from outside must get its answer from the node it spoke to, unless only this node's pods answer.
        let outside = chain("ext-\(name)", port, port.outside, port.isExternallyLocal ? [] : [Self.mark])
        for address in port.externalIPs { addresses.add("\(address) . \(port.transport) . \(port.port)", outside) }
        if port.nodePort > 0 { nodePorts.add("\(port.transport) . \(port.nodePort)", outside) }
    }

    /// Writes the chain of one way in and gives the verdict that leads there; nil where the reject rules serve.
    private mutating func chain(
        _ name: String, _ port: ServicePort, _ target: ServicePort.Target, _ before: [String]
    ) -> String? {
        switch target {
        case .reject: return nil
        case .drop: return "drop"
        case .backends(let backends):
            var verdicts: [String] = []
            for (position, backend) in backends.enumerated() {
                verdicts.append("\(position) : goto \(endpointChain(port, backend))")
            }
            let choice =
                port.keepsClients
                ? "jhash ip saddr mod \(backends.count) seed 0x6f726469" : "numgen random mod \(backends.count)"
            let rule =
                backends.count == 1
                ? "goto \(endpointChain(port, backends[0]))" : "\(choice) vmap { \(verdicts.joined(separator: ", ")) }"
            append(name, before + [rule])
            return "goto \(name)"
        }
    }

    /// Writes a backend's chain once, however many ways lead to it.
    private mutating func endpointChain(_ port: ServicePort, _ backend: Backend) -> String {
        let service = "\(port.key.namespace)/\(port.key.name)/\(port.transport)/\(port.port)"
        let name = "ep-\(service)/\(backend.address)/\(backend.port)"
        guard endpointChains.insert(name).inserted else { return name }
        append(
            name,
            [
                "ip saddr \(backend.address) \(Self.mark)",
                "meta l4proto \(port.transport) dnat to \(backend.address):\(backend.port)",
            ])
        return name
    }

    private mutating func append(_ name: String, _ rules: [String]) {
        chains.append("  chain \(name) {\n" + rules.map { "    \($0)\n" }.joined() + "  }\n")
    }

    private static let mark = "meta mark set meta mark | 0x4000"

    /// In prerouting, because a packet that is forwarded back to the bridge first earns an ICMP redirect, and that uses up
    /// the kernel's allowance of ICMP errors for its sender. A reset is under no allowance.
    private var refusals: String {
        let leadsNowhere = "ip daddr \(node.serviceRange) ip daddr != \(node.dnsAddress)"
        return "\(leadsNowhere) meta l4proto tcp reject with tcp reset\n    \(leadsNowhere) reject"
    }

    var text: String {
        """
        table ip \(node.table) {}
        delete table ip \(node.table)
        table ip \(node.table) {
          map service-ips {
            type ipv4_addr . inet_proto . inet_service : verdict
        \(addresses.elements)  }
          map service-nodeports {
            type inet_proto . inet_service : verdict
        \(nodePorts.elements)  }
          chain prerouting {
            type nat hook prerouting priority dstnat; policy accept;
            jump services
          }
          chain output {
            type nat hook output priority -100; policy accept;
            jump services
          }
          chain postrouting {
            type nat hook postrouting priority srcnat; policy accept;
            meta mark & 0x4000 == 0x4000 meta mark set meta mark ^ 0x4000 masquerade fully-random
            ip saddr \(node.nodePodRange) ip daddr != { \(node.podRange), \(node.serviceRange) } masquerade fully-random
          }
          chain services {
            ip daddr . meta l4proto . th dport vmap @service-ips
            fib daddr type local meta l4proto . th dport vmap @service-nodeports
          }
          chain filter-prerouting {
            type filter hook prerouting priority dstnat + 10; policy accept;
            \(refusals)
          }
          chain filter-output {
            type filter hook output priority filter; policy accept;
            \(refusals)
          }
          chain filter-input {
            type filter hook input priority filter; policy accept;
            iifname != "lo" ip daddr 127.0.0.0/8 ct status & dnat == 0 ct state != { established, related } drop
          }
        \(chains.joined())}

        """
    }
}

/// The elements of a verdict map. The first entry of a key stays, because nft refuses the whole table for a second one.
private struct VerdictMap {
    private var keys: Set<String> = []
    private var lines: [String] = []

    mutating func add(_ key: String, _ verdict: String?) {
        guard let verdict, keys.insert(key).inserted else { return }
        lines.append("\(key) : \(verdict)")
    }

    var elements: String {
        lines.isEmpty ? "" : "    elements = {\n      \(lines.joined(separator: ",\n      "))\n    }\n"
    }
}

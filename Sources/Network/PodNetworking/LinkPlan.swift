internal import ObjectModel

/// The `ip -batch` lines that make and remove what the pod network needs of the kernel.
package struct LinkPlan: Sendable, Hashable {
    private let settings: PodNetworkSettings

    /// The plan for a pod network.
    package init(_ settings: PodNetworkSettings) { self.settings = settings }

    /// The bridge's hardware address: local, and the gateway's address in it. The CNI plugin cannot set one later when
    /// its first run failed, so it is never left to it.
    package var hardwareAddress: String {
        let number = settings.gateway.number
        let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
        return "02:00:" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }

    /// What to run when the bridge exists or not. Repeating it changes nothing.
    package func setUpLines(bridgeExists: Bool) -> [String] {
        let bridge = settings.names.bridge
        let mtu = settings.mtu.map { " mtu \($0)" } ?? ""
        let make = bridgeExists ? [] : ["link add \(bridge) address \(hardwareAddress) type bridge"]
        return make + [
            "addr replace \(settings.gateway)/\(settings.nodePodRange.prefixLength) dev \(bridge)",
            "link set \(bridge) up\(mtu)",
            "addr replace \(settings.dnsAddress)/32 dev lo",
            // Gives the node's own connections to Services a way (and the bridge's address) before they are translated.
            "route replace \(settings.serviceRange) dev \(bridge)",
        ]
    }

    /// What to run at the end; each line may find its object gone.
    package var tearDownLines: [String] {
        ["addr del \(settings.dnsAddress)/32 dev lo", "link del \(settings.names.bridge)"]
    }

    /// The line of `ip -o -4 addr show` whose range overlaps ours although it is not ours; nil when there is none.
    /// The DNS address counts as ours only when our bridge is there: else another instance has it.
    package func conflict(inAddresses listing: String, bridgeExists: Bool) -> String? {
        for line in listing.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 3, words[2] == "inet", words[1] != settings.names.bridge,
                let range = Self.range(ofInterfaceAddress: words[3])
            else { continue }
            let isOurDNS =
                bridgeExists && words[1] == "lo" && range.base == settings.dnsAddress && range.prefixLength == 32
            if range.overlaps(settings.nodePodRange) {
                return
                    "the pod range \(settings.nodePodRange) overlaps \(words[3]) on \(words[1]); choose another with --pod-cidr"
            }
            if range.overlaps(settings.serviceRange), !isOurDNS {
                return "the service range \(settings.serviceRange) overlaps \(words[3]) on \(words[1]); "
                    + "choose another with --service-cidr"
            }
        }
        return nil
    }

    private static func range(ofInterfaceAddress text: String) -> IPv4Range? {
        let parts = text.split(separator: "/")
        guard let address = parts.first.flatMap({ IPv4Address(String($0)) }) else { return nil }
        let length = parts.count > 1 ? Int(parts[1]) ?? 32 : 32
        guard (0...32).contains(length) else { return nil }
        return IPv4Range(base: address, prefixLength: length)
    }
}

import Testing

@testable import PodNetworking

/// Listings as `iptables -t nat -S` of Debian 12 gave them.
@Suite struct HostPortChainsTests {
    private static let chains = """
        -P PREROUTING ACCEPT
        -N CNI-HOSTPORT-DNAT
        -N CNI-HOSTPORT-MASQ
        -N CNI-HOSTPORT-SETMARK

        """
    private static let common = """
        -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
        -A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ
        -A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE
        -A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000

        """
    private static let commonRemoval = """
        -D PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
        -D POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ
        -F CNI-HOSTPORT-DNAT
        -F CNI-HOSTPORT-MASQ
        -F CNI-HOSTPORT-SETMARK
        -X CNI-HOSTPORT-DNAT
        -X CNI-HOSTPORT-MASQ
        -X CNI-HOSTPORT-SETMARK

        """

    private static func pod(_ network: String, _ chain: String) -> String {
        #"""
        -A \#(chain) -s 10.244.0.0/24 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK
        -A \#(chain) -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.244.0.5:80
        -A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \"\#(network)\" id: \"abc\"" -m multiport --dports 8080 -j \#(chain)

        """#
    }

    private static let podRemoval = #"""
        -D CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \"ordinal-a\" id: \"abc\"" -m multiport --dports 8080 -j CNI-DN-1
        -F CNI-DN-1
        -X CNI-DN-1

        """#

    private static let used = chains + common
    private static let cases: [(String, String?)] = [
        ("-P PREROUTING ACCEPT\n", nil),
        (used, commonRemoval),
        (used + pod("ordinal-a", "CNI-DN-1"), podRemoval + commonRemoval),
        // Another network's pods use the common chains.
        (used + pod("ordinal-ab", "CNI-DN-2"), nil),
        (used + pod("ordinal-a", "CNI-DN-1") + pod("podman", "CNI-DN-2"), podRemoval),
        // Somebody else's rules in them, or ways to them.
        (used + "-A CNI-HOSTPORT-MASQ -j ACCEPT\n", nil),
        (used + "-A MINE -j CNI-HOSTPORT-DNAT\n", nil),
    ]

    @Test(arguments: cases)
    func onlyWhatNobodyElseUsesIsRemoved(_ listing: String, _ lines: String?) {
        let removal = HostPortChains(network: "ordinal-a").removal(from: listing)
        #expect(removal == lines.map { "*nat\n\($0)COMMIT\n" })
    }
}

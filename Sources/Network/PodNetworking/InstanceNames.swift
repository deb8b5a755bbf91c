/// The names of everything host-wide that an instance makes. They follow from its data directory's id, so that two
/// instances on one machine do not collide.
package struct InstanceNames: Sendable, Hashable {
    /// Six characters: enough to tell the instances of one machine apart, short enough for a network interface.
    package let shortID: String

    /// The names for a data directory's id, which may be any text.
    package init(dataDirID: String) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in dataDirID.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let folded = (hash >> 40) ^ (hash & 0xff_ffff)
        let digits = String(folded & 0xff_ffff, radix: 16)
        shortID = String(repeating: "0", count: 6 - digits.count) + digits
    }

    /// The pod bridge; at most 15 bytes, as Linux wants of an interface.
    package var bridge: String { "ord-\(shortID)" }
    /// The nftables table of family `ip`.
    package var nftTable: String { "ordinal_\(shortID)" }
    /// The parent of all pod cgroups, as a path below each hierarchy.
    package var cgroupParent: String { "/ordinal-\(shortID)" }
    /// The CNI network.
    package var cniNetwork: String { "ordinal-\(shortID)" }
}

/// An IPv4 address.
package struct IPv4Address: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The address as a number, most significant byte first.
    package let number: UInt32

    /// The address with this number.
    package init(number: UInt32) { self.number = number }

    /// Reads dotted decimal without leading zeros; nil when it is none.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard let byte = UInt8(part), String(byte) == part else { return nil }
            number = number << 8 | UInt32(byte)
        }
        self.number = number
    }

    package var description: String {
        [24, 16, 8, 0].map { String(number >> UInt32($0) & 0xFF) }.joined(separator: ".")
    }
    package static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.number < right.number }
}

/// A range of IPv4 addresses with a common prefix, such as `10.244.0.0/16`.
package struct IPv4Range: Sendable, Hashable, CustomStringConvertible {
    /// The first address.
    package let base: IPv4Address
    /// The length of the common prefix, 0 to 32.
    package let prefixLength: Int

    /// Reads CIDR notation; nil when it is none or has bits set behind the prefix.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let base = IPv4Address(String(parts[0])), let length = Int(parts[1]),
            (0...32).contains(length), String(length) == parts[1]
        else { return nil }
        self.init(base: base, prefixLength: length)
        guard self.base == base else { return nil }
    }

    /// The range of `prefixLength` bits that holds `base`.
    package init(base: IPv4Address, prefixLength: Int) {
        self.prefixLength = prefixLength
        self.base = IPv4Address(number: base.number & Self.mask(prefixLength))
    }

    /// How many addresses it holds.
    package var count: Int { 1 << (32 - prefixLength) }
    /// The address at `offset`; nil behind the end.
    package func address(at offset: Int) -> IPv4Address? {
        guard (0..<count).contains(offset) else { return nil }
        return IPv4Address(number: base.number + UInt32(offset))
    }
    /// Whether an address lies in it.
    package func contains(_ address: IPv4Address) -> Bool {
        address.number & Self.mask(prefixLength) == base.number
    }
    /// Whether two ranges share an address.
    package func overlaps(_ other: IPv4Range) -> Bool { contains(other.base) || other.contains(base) }
    /// The `index`th range of `prefixLength` bits inside this one; nil when there is none.
    package func subrange(_ index: Int, prefixLength length: Int) -> IPv4Range? {
        guard length >= prefixLength, length <= 32, (0..<(1 << (length - prefixLength))).contains(index) else {
            return nil
        }
        return IPv4Range(base: IPv4Address(number: base.number + UInt32(index << (32 - length))), prefixLength: length)
    }

    package var description: String { "\(base)/\(prefixLength)" }

    private static func mask(_ length: Int) -> UInt32 { length == 0 ? 0 : UInt32.max << UInt32(32 - length) }
}

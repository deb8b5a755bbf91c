/// Bytes as text, as Secrets carry them (RFC 4648, with padding).
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The text of `bytes`.
    package static func text(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            bits <<= UInt32(8 * (3 - group.count))
            for position in 0..<4 {
                let isPadding = position > group.count
                output.append(isPadding ? 61 : alphabet[Int(bits >> UInt32(18 - 6 * position)) & 63])
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The bytes of `text`; nil when it is no base64.
    package static func bytes(_ text: String) -> [UInt8]? {
        let input = text.utf8.filter { $0 != 10 && $0 != 13 }
        guard input.count % 4 == 0 else { return nil }
        let padding = input.reversed().prefix(while: { $0 == 61 }).count
        guard padding <= 2 else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(input.count / 4 * 3)
        var bits = UInt32(0)
        for (index, byte) in input.enumerated() {
            guard let value = index >= input.count - padding ? 0 : value(of: byte) else { return nil }
            bits = bits << 6 | value
            guard index % 4 == 3 else { continue }
            output += [
                UInt8(truncatingIfNeeded: bits >> 16), UInt8(truncatingIfNeeded: bits >> 8),
                UInt8(truncatingIfNeeded: bits),
            ]
            bits = 0
        }
        return output.dropLast(padding)
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case 65...90: UInt32(byte - 65)
        case 97...122: UInt32(byte - 97 + 26)
        case 48...57: UInt32(byte - 48 + 52)
        case 43: 62
        case 47: 63
        default: nil
        }
    }
}

/// Percent-encoding of a request's target (RFC 3986).
enum URLText {
    /// The target for a decoded path and query.
    static func target(path: String, query: [(name: String, value: String)]) -> String {
        var text: [UInt8] = []
        append(path, keeping: "/:@!$&'()*+,;=", to: &text)
        for (position, parameter) in query.enumerated() {
            text.append(UInt8(ascii: position == 0 ? "?" : "&"))
            append(parameter.name, keeping: "", to: &text)
            text.append(UInt8(ascii: "="))
            append(parameter.value, keeping: "", to: &text)
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func append(_ part: String, keeping: String, to text: inout [UInt8]) {
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in part.utf8 {
            if isUnreserved(byte) || keeping.utf8.contains(byte) {
                text.append(byte)
            } else {
                text.append(contentsOf: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            }
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}

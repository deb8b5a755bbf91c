/// The target of a request, split and percent-decoded as Go's net/url does.
struct RequestTarget: Equatable {
    struct Parameter: Equatable {
        let name: String
        let value: String
    }

    let path: String
    let parameters: [Parameter]

    /// Reads a target in origin form (`/path?query`), absolute form or `*`; nil when the path is malformed.
    init?(_ uri: String) {
        var text = Substring(uri)
        if let scheme = text.range(of: "://"), !text.hasPrefix("/") {
            let rest = text[scheme.upperBound...]
            text = rest.firstIndex(of: "/").map { rest[$0...] } ?? "/"
        }
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, first.hasPrefix("/") || first == "*",
            let path = Self.decode(first, plusIsSpace: false)
        else { return nil }
        self.path = path
        parameters = parts.count == 2 ? Self.parameters(parts[1]) : []
    }

    /// Pairs that are malformed or hold a semicolon are left out, as Go leaves them out.
    private static func parameters(_ query: Substring) -> [Parameter] {
        query.split(separator: "&").compactMap { pair in
            guard !pair.utf8.contains(UInt8(ascii: ";")) else { return nil }
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decode(sides[0], plusIsSpace: true),
                let value = decode(sides.count == 2 ? sides[1] : "", plusIsSpace: true)
            else { return nil }
            return Parameter(name: name, value: value)
        }
    }

    private static func decode(_ text: Substring, plusIsSpace: Bool) -> String? {
        let utf8 = text.utf8
        guard utf8.contains(where: { $0 == UInt8(ascii: "%") || (plusIsSpace && $0 == UInt8(ascii: "+")) }) else {
            return String(text)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count)
        var position = utf8.startIndex
        while position < utf8.endIndex {
            let byte = utf8[position]
            position = utf8.index(after: position)
            switch byte {
            case UInt8(ascii: "%"):
                guard let decoded = hexPair(utf8, at: &position) else { return nil }
                bytes.append(decoded)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexPair(_ utf8: Substring.UTF8View, at position: inout Substring.UTF8View.Index) -> UInt8? {
        var number: UInt8 = 0
        for _ in 0..<2 {
            guard position < utf8.endIndex, let digit = hexDigit(utf8[position]) else { return nil }
            number = number << 4 | digit
            position = utf8.index(after: position)
        }
        return number
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension Substring {
    /// Where `text` first occurs; the standard library has no such search without Foundation.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}

/// The grammar of image names: `[registry[:port]/]path[:tag][@algorithm:digest]`, as the distribution project has it.
enum ImageReference {
    private static let longestName = 255
    private static let longestTag = 128

    /// Why a text is no image name, in kubelet's words; nil when it is one.
    static func objection(to text: String) -> String? {
        let malformed = "invalid reference format"
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty else { return malformed }
        if parts.count == 2, !isDigest(parts[1]) { return malformed }
        if name.utf8.count == 64, name.utf8.allSatisfy(isHexDigit) {
            return "invalid repository name (\(name)), cannot specify 64-byte hexadecimal strings"
        }
        let (registry, rest) = split(name)
        if let registry, !isRegistry(registry) { return malformed }
        let path: Substring
        if let colon = rest.firstIndex(of: ":") {
            guard isTag(rest[rest.index(after: colon)...]) else { return malformed }
            path = rest[..<colon]
        } else {
            path = rest
        }
        if path.contains(where: \.isUppercase) {
            let repository = registry == nil && !path.contains("/") ? "library/\(path)" : "\(path)"
            return "\(malformed): repository name (\(repository)) must be lowercase"
        }
        guard path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(isPathComponent) else {
            return malformed
        }
        return name.utf8.count <= longestName
            ? nil : "repository name must not be more than \(longestName) characters"
    }

    /// The first part is a registry when it cannot be part of a path: it has a dot, a port or a capital, or is `localhost`.
    private static func split(_ name: Substring) -> (registry: Substring?, rest: Substring) {
        guard let slash = name.firstIndex(of: "/") else { return (nil, name) }
        let first = name[..<slash]
        let isRegistry =
            first.contains(".") || first.contains(":") || first == "localhost" || first.contains(where: \.isUppercase)
        return isRegistry ? (first, name[name.index(after: slash)...]) : (nil, name)
    }

    private static func isRegistry(_ text: Substring) -> Bool {
        var host = text
        if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
            let port = text[text.index(after: colon)...]
            guard !port.isEmpty, port.utf8.allSatisfy(isDigit) else { return false }
            host = text[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            return host.utf8.dropFirst().dropLast().allSatisfy { isHexDigit($0) || $0 == UInt8(ascii: ":") }
        }
        return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
                && !label.isEmpty && !label.hasPrefix("-") && !label.hasSuffix("-")
        }
    }

    /// Lower-case letters and digits with single separators between them: `.`, `_`, `__` or any number of `-`.
    private static func isPathComponent(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last, isAlphanumeric(first), isAlphanumeric(last)
        else { return false }
        let separators = text.utf8.split(whereSeparator: isAlphanumeric)
        return separators.allSatisfy { separator in
            let text = String(Substring(separator))
            return [".", "_", "__"].contains(text) || text.allSatisfy { $0 == "-" }
        }
    }

    private static func isTag(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, isAlphanumeric(first) || first == UInt8(ascii: "_") else { return false }
        return text.utf8.count <= longestTag
            && text.utf8.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
    }

    private static func isDigest(_ text: Substring) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let first = parts[0].utf8.first, isAlphanumeric(first), !isDigit(first) else {
            return false
        }
        return parts[0].utf8.allSatisfy { isAlphanumeric($0) || "+.-_".utf8.contains($0) }
            && parts[1].utf8.count >= 32 && parts[1].utf8.allSatisfy(isHexDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}

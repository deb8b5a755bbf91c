internal import ObjectModel

/// Checks that many kinds share, in upstream's words. Each returns the broken rules of one value at one path.
enum Rules {
    static let notNegative = "must be greater than or equal to 0"
    static let notPositive = "must be greater than zero"
    static let immutable = "field is immutable"
    static let transports = ["SCTP", "TCP", "UDP"]

    static func invalid(_ path: FieldPath, _ value: Value, _ detail: String) -> FieldError {
        FieldError(.invalid, path.description, value, detail)
    }

    static func required(_ path: FieldPath, _ detail: String = "") -> FieldError {
        FieldError(.required, path.description, nil, detail)
    }

    static func forbidden(_ path: FieldPath, _ detail: String) -> FieldError {
        FieldError(.forbidden, path.description, nil, detail)
    }

    static func duplicate(_ path: FieldPath, _ value: Value) -> FieldError {
        FieldError(.duplicate, path.description, value)
    }

    /// Names the values in the order given: upstream sorts only some of its lists.
    static func unsupported(_ path: FieldPath, _ value: Value, _ supported: [String]) -> FieldError {
        let list = supported.map { "\"\($0)\"" }.joined(separator: ", ")
        return FieldError(.notSupported, path.description, value, "supported values: \(list)")
    }

    /// One of the values given; empty is `Required`.
    static func choice(_ value: String, _ path: FieldPath, of supported: [String]) -> [FieldError] {
        if value.isEmpty { return [required(path)] }
        return supported.contains(value) ? [] : [unsupported(path, .string(value), supported)]
    }

    static func label(_ text: String, _ path: FieldPath) -> [FieldError] {
        NameRules.dns1123Label(text).map { [invalid(path, .string(text), $0)] } ?? []
    }

    static func subdomain(_ text: String, _ path: FieldPath) -> [FieldError] {
        NameRules.dns1123Subdomain(text).map { [invalid(path, .string(text), $0)] } ?? []
    }

    static func qualifiedName(_ text: String, _ path: FieldPath) -> [FieldError] {
        NameRules.qualifiedName(text).map { invalid(path, .string(text), $0) }
    }

    static func nonNegative(_ value: Value?, _ path: FieldPath) -> [FieldError] {
        guard let value, let number = value.int, number < 0 else { return [] }
        return [invalid(path, value, notNegative)]
    }

    static func range(_ value: Value?, _ path: FieldPath, _ bounds: ClosedRange<Int>) -> [FieldError] {
        guard let value, let number = value.int, !bounds.contains(number) else { return [] }
        return [invalid(path, value, "must be between \(bounds.lowerBound) and \(bounds.upperBound), inclusive")]
    }

    static func portNumber(_ number: Int, _ path: FieldPath) -> [FieldError] {
        range(.integer(Int64(number)), path, 1...65535)
    }

    static func portName(_ name: String, _ path: FieldPath) -> [FieldError] {
        var problems: [String] = []
        let bytes = Array(name.utf8)
        if bytes.count > 15 { problems.append("must be no more than 15 characters") }
        if bytes.isEmpty || !bytes.allSatisfy({ isLowercase($0) || isDigit($0) || $0 == 45 }) {
            problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
        }
        if !bytes.contains(where: isLowercase) { problems.append("must contain at least one letter (a-z)") }
        if name.contains("--") { problems.append("must not contain consecutive hyphens") }
        if name.hasPrefix("-") || name.hasSuffix("-") { problems.append("must not begin or end with a hyphen") }
        return problems.map { invalid(path, .string(name), $0) }
    }

    /// A port by number or by name.
    static func port(_ value: Value?, _ path: FieldPath) -> [FieldError] {
        if let name = value?.string { return portName(name, path) }
        return portNumber(value?.int ?? 0, path)
    }

    /// The key of a ConfigMap or Secret.
    static func configKey(_ key: String, _ path: FieldPath) -> [FieldError] {
        var problems: [String] = []
        if key.utf8.count > 253 { problems.append("must be no more than 253 characters") }
        let isAllowed = key.utf8.allSatisfy { byte in
            isLowercase(byte) || isDigit(byte) || (65...90).contains(byte) || "-._".utf8.contains(byte)
        }
        if key.isEmpty || !isAllowed {
            problems.append(
                "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
                    + "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')")
        }
        if key == "." || key == ".." {
            problems.append("must not be '\(key)'")
        } else if key.hasPrefix("..") {
            problems.append("must not start with '..'")
        }
        return problems.map { invalid(path, .string(key), $0) }
    }

    static func unchanged(_ new: Value?, _ old: Value?, _ path: FieldPath) -> [FieldError] {
        equal(new, old) ? [] : [invalid(path, new ?? .null, immutable)]
    }

    static func ipAddress(_ text: String, _ path: FieldPath) -> [FieldError] {
        if IPv4Address(text) != nil || isIPv6(text) { return [] }
        return [invalid(path, .string(text), "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")]
    }

    /// Colons and hexadecimal digits with at most one `::`; an IPv4 tail is not accepted.
    static func isIPv6(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (3...8).contains(parts.count), parts.allSatisfy({ $0.utf8.count <= 4 && $0.utf8.allSatisfy(isHex) })
        else {
            return false
        }
        let halves = text.split(separator: "::", omittingEmptySubsequences: false).count
        return halves == 2 || (halves == 1 && parts.count == 8 && !parts.contains(""))
    }

    /// Equal as upstream's `Semantic.DeepEqual` has it: absent, null and empty lists and maps are the same.
    static func equal(_ left: Value?, _ right: Value?) -> Bool {
        switch (left, right) {
        case (.object(let left)?, .object(let right)?):
            return left.allSatisfy { equal($0.value, right[$0.key]) }
                && right.allSatisfy { left[$0.key] != nil || isAbsent($0.value) }
        case (.array(let left)?, .array(let right)?):
            return left.count == right.count && zip(left, right).allSatisfy { equal($0, $1) }
        default:
            return left == right || (isAbsent(left) && isAbsent(right))
        }
    }

    private static func isAbsent(_ value: Value?) -> Bool {
        switch value {
        case nil, .null?: true
        case .array(let items)?: items.isEmpty
        case .object(let fields)?: fields.isEmpty
        default: false
        }
    }

    private static func isLowercase(_ byte: UInt8) -> Bool { (97...122).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    private static func isHex(_ byte: UInt8) -> Bool {
        isDigit(byte) || (97...102).contains(byte) || (65...70).contains(byte)
    }
}

/// Why bytes are not acceptable JSON.
package struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    package let reason: String
    /// Where, in bytes from the start.
    package let offset: Int

    package var description: String { "\(reason) at offset \(offset)" }
}

/// JSON as bytes: strict RFC 8259, UTF-8 checked, nesting bounded before the tree is built.
package enum JSON {
    /// The deepest nesting that is accepted; deeper input is an error, since deep trees overflow the stack.
    package static let maximumDepth = 500
    /// The deepest nesting of what clients send and of what a patch makes: a list and an event of a watch nest objects
    /// deeper, and must be readable too.
    package static let maximumBodyDepth = 400

    /// How many duplicate keys are told, as upstream.
    package static let maximumDuplicates = 100
    /// How many bytes of the path of a duplicate key are told.
    package static let maximumPathLength = 512

    /// Parses one document that nests at most `maximumDepth` deep. Duplicate keys: the last wins; `duplicates` is told
    /// the path of each, cut to `maximumPathLength`, of the first `maximumDuplicates`.
    package static func parse(
        _ bytes: [UInt8], maximumDepth: Int = JSON.maximumDepth, onDuplicate duplicates: ((String) -> Void)? = nil
    ) throws(JSONError) -> Value {
        let result = bytes.withUnsafeBufferPointer { buffer -> Result<Value, JSONError> in
            var parser = JSONParser(
                bytes: UnsafeRawBufferPointer(buffer), maximumDepth: maximumDepth, onDuplicate: duplicates)
            return Result { () throws(JSONError) in try parser.document() }
        }
        return try result.get()
    }

    /// Parses text.
    package static func parse(_ text: String) throws(JSONError) -> Value {
        try parse(Array(text.utf8))
    }
}

struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    let maximumDepth: Int
    let onDuplicate: ((String) -> Void)?
    var position = 0
    var depth = 0
    var path: [String] = []
    private var duplicates = 0

    init(bytes: UnsafeRawBufferPointer, maximumDepth: Int, onDuplicate: ((String) -> Void)?) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        self.onDuplicate = onDuplicate
    }

    mutating func document() throws(JSONError) -> Value {
        skipSpace()
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw failure("unexpected data after the document") }
        return value
    }

    func failure(_ reason: String) -> JSONError { JSONError(reason: reason, offset: position) }

    mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    mutating func value() throws(JSONError) -> Value {
        guard position < bytes.count else { throw failure("unexpected end of JSON input") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default:
            throw failure("invalid character '\(Character(UnicodeScalar(bytes[position])))' looking for a value")
        }
    }

    mutating func literal(_ text: StaticString, _ value: Value) throws(JSONError) -> Value {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count else { throw failure("invalid literal") }
        for offset in 0..<count where bytes[position + offset] != text.utf8Start[offset] {
            throw failure("invalid literal")
        }
        position += count
        return value
    }

    mutating func enter() throws(JSONError) {
        depth += 1
        guard depth <= maximumDepth else { throw failure("exceeded max depth of \(maximumDepth)") }
        position += 1
        skipSpace()
    }

    mutating func object() throws(JSONError) -> Value {
        try enter()
        var fields = Fields()
        if consume(UInt8(ascii: "}")) {
            depth -= 1
            return .object(fields)
        }
        while true {
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw failure("expected a string as key of an object")
            }
            let key = try string()
            skipSpace()
            guard consume(UInt8(ascii: ":")) else { throw failure("expected ':' after the key of an object") }
            skipSpace()
            if let onDuplicate {
                path.append(key)
                if duplicates < JSON.maximumDuplicates, fields[key] != nil {
                    duplicates += 1
                    onDuplicate(boundedPath)
                }
                fields[key] = try value()
                path.removeLast()
            } else {
                fields[key] = try value()
            }
            skipSpace()
            if consume(UInt8(ascii: ",")) {
                skipSpace()
                continue
            }
            guard consume(UInt8(ascii: "}")) else { throw failure("expected ',' or '}' in an object") }
            depth -= 1
            return .object(fields)
        }
    }

    private var boundedPath: String {
        var text = ""
        for (index, step) in path.enumerated() where text.utf8.count <= JSON.maximumPathLength {
            if index > 0 { text += "." }
            text += step.cut(toBytes: JSON.maximumPathLength)
        }
        return text.cut(toBytes: JSON.maximumPathLength)
    }

    mutating func array() throws(JSONError) -> Value {
        try enter()
        var items: [Value] = []
        if consume(UInt8(ascii: "]")) {
            depth -= 1
            return .array(items)
        }
        while true {
            if onDuplicate != nil { path.append("[\(items.count)]") }
            items.append(try value())
            if onDuplicate != nil { path.removeLast() }
            skipSpace()
            if consume(UInt8(ascii: ",")) {
                skipSpace()
                continue
            }
            guard consume(UInt8(ascii: "]")) else { throw failure("expected ',' or ']' in an array") }
            depth -= 1
            return .array(items)
        }
    }

    mutating func consume(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    mutating func number() throws(JSONError) -> Value {
        let start = position
        var isInteger = true
        _ = consume(UInt8(ascii: "-"))
        let whole = digits()
        guard whole > 0 else { throw failure("invalid number") }
        if whole > 1, bytes[position - whole] == UInt8(ascii: "0") { throw failure("invalid number: leading zero") }
        if consume(UInt8(ascii: ".")) {
            isInteger = false
            guard digits() > 0 else { throw failure("invalid number: no digits after '.'") }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if !consume(UInt8(ascii: "+")) { _ = consume(UInt8(ascii: "-")) }
            guard digits() > 0 else { throw failure("invalid number: no digits in the exponent") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else { throw failure("number out of range") }
        return .number(number)
    }

    private mutating func digits() -> Int {
        let start = position
        while position < bytes.count, bytes[position] >= UInt8(ascii: "0"), bytes[position] <= UInt8(ascii: "9") {
            position += 1
        }
        return position - start
    }
}

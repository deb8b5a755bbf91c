package import ObjectModel

/// What decoding found beside type errors.
package struct DecodeReport: Sendable, Equatable {
    /// At most so many unknown fields are reported.
    package static let maximumUnknownFields = 100

    /// The paths of fields the schema does not know, in upstream's notation: `spec.containers[0].foo`.
    package var unknownFields: [String] = []

    /// The errors of `fieldValidation=Strict` and the warnings of `Warn`, one for each unknown field.
    package var messages: [String] { unknownFields.map { "unknown field \"\($0)\"" } }
}

extension ObjectSchema {
    /// Does to a body what decoding into upstream's types does: nulls go, unknown fields are pruned and reported,
    /// quantities get their canonical text. A value of a wrong type throws 400 BadRequest in upstream's words. What
    /// `value` has in common with `known` was decoded before.
    package func decode(
        _ value: inout Value, as gvk: GroupVersionKind, knownGood known: Value? = nil
    ) throws(APIStatus) -> DecodeReport {
        var decoding = Decoding(table: table)
        do {
            value = try decoding.decode(value, at: root, known)
        } catch {
            throw Self.decodeError(gvk, error.message)
        }
        return decoding.report
    }

    /// 400 BadRequest for a body that cannot be decoded as `gvk`, in upstream's words.
    package static func decodeError(_ gvk: GroupVersionKind, _ message: String) -> APIStatus {
        .badRequest("\(gvk.kind) in version \"\(gvk.version)\" cannot be handled as a \(gvk.kind): \(message)")
    }

    /// 400 BadRequest for the findings of `fieldValidation=Strict` (unknown and duplicate fields), in upstream's words.
    package static func strictError(_ gvk: GroupVersionKind, _ messages: [String]) -> APIStatus {
        decodeError(gvk, "strict decoding error: \(messages.joined(separator: ", "))")
    }
}

/// A value does not fit its type.
struct DecodeFailure: Error {
    let message: String
}

/// One walk of a body along its schema.
struct Decoding {
    private enum Step {
        case field(String)
        case key(String)
        case index(Int)
    }

    let table: SchemaTable
    var report = DecodeReport()
    /// Where the walk is.
    private var path: [Step] = []
    /// The innermost object type.
    private var structName = ""

    init(table: SchemaTable) { self.table = table }

    mutating func decode(_ value: Value, at position: Int, _ known: Value?) throws(DecodeFailure) -> Value {
        switch table.nodes[position].form {
        case .anything: return value
        case .object: return try decodeObject(value, at: position, known)
        case .map: return try decodeMap(value, at: position, known)
        case .list: return try decodeList(value, at: position, known)
        case let form: return try decodeScalar(value, form, at: position)
        }
    }

    private mutating func decodeObject(
        _ value: Value, at position: Int, _ known: Value?
    ) throws(DecodeFailure) -> Value {
        guard case .object(let fields) = value else { throw mismatch(value, at: position) }
        if let known, value.isIdentical(to: known) { return value }
        let outer = structName
        structName = table.nodes[position].typeName
        defer { structName = outer }
        var kept: [(String, Value)] = []
        kept.reserveCapacity(fields.count)
        for field in fields {
            guard let index = table.nodes[position].propertyIndex[field.key] else {
                reportUnknown(field.key)
                continue
            }
            if field.value.isNull { continue }
            path.append(.field(field.key))
            let target = table.nodes[position].properties[index].target
            let decoded = try decode(field.value, at: target, known?[field.key])
            path.removeLast()
            if isDropped(decoded, target, isAlwaysWritten: table.nodes[position].properties[index].isAlwaysWritten) {
                continue
            }
            kept.append((field.key, decoded))
        }
        return .object(Fields(kept))
    }

    /// Go leaves out empty lists and maps, which it cannot tell from absent ones.
    private func isDropped(_ value: Value, _ position: Int, isAlwaysWritten: Bool) -> Bool {
        guard !isAlwaysWritten, value.isEmpty else { return false }
        let form = table.nodes[position].form
        return form == .list || form == .map
    }

    private mutating func decodeMap(
        _ value: Value, at position: Int, _ known: Value?
    ) throws(DecodeFailure) -> Value {
        guard case .object(let fields) = value else { throw mismatch(value, at: position) }
        guard let element = table.nodes[position].element else { return value }
        if let known, value.isIdentical(to: known) { return value }
        var kept: [(String, Value)] = []
        kept.reserveCapacity(fields.count)
        for field in fields {
            path.append(.key(field.key))
            kept.append((field.key, try decodeElement(field.value, at: element, known?[field.key])))
            path.removeLast()
        }
        return .object(Fields(kept))
    }

    private mutating func decodeList(
        _ value: Value, at position: Int, _ known: Value?
    ) throws(DecodeFailure) -> Value {
        guard case .array(let items) = value else { throw mismatch(value, at: position) }
        guard let element = table.nodes[position].element else { return value }
        if let known, value.isIdentical(to: known) { return value }
        let knownItems = known?.array ?? []
        var kept: [Value] = []
        kept.reserveCapacity(items.count)
        for (index, item) in items.enumerated() {
            path.append(.index(index))
            kept.append(
                try decodeElement(item, at: element, index < knownItems.count ? knownItems[index] : nil))
            path.removeLast()
        }
        return .array(kept)
    }

    /// A null item or map value is the type's empty value, as in Go.
    private mutating func decodeElement(
        _ value: Value, at position: Int, _ known: Value?
    ) throws(DecodeFailure) -> Value {
        value.isNull ? table.emptyValue(of: position) : try decode(value, at: position, known)
    }

    private mutating func reportUnknown(_ key: String) {
        guard report.unknownFields.count < DecodeReport.maximumUnknownFields else { return }
        report.unknownFields.append(location(of: key).cut(toBytes: JSON.maximumPathLength))
    }

    /// The path with indices and keys, as strict decoding names fields.
    private func location(of key: String) -> String {
        var text = ""
        for step in path + [.field(key)] {
            switch step {
            case .field(let name), .key(let name): text += text.isEmpty ? name : ".\(name)"
            case .index(let index): text += "[\(index)]"
            }
        }
        return text
    }

    /// The path of fields alone, as Go's decoder names them in type errors.
    private var fieldPath: [String] {
        path.compactMap { if case .field(let name) = $0 { name } else { nil } }
    }

    private func decodeScalar(
        _ value: Value, _ form: SchemaNode.Form, at position: Int
    ) throws(DecodeFailure) -> Value {
        switch (form, value) {
        case (.string, .string), (.boolean, .bool), (.number, .integer), (.number, .number), (.int64, .integer):
            return value
        case (.int32, .integer(let number)):
            guard Int32(exactly: number) != nil else { throw mismatch(value, at: position) }
            return value
        case (.intOrString, .string): return value
        case (.intOrString, .integer(let number)) where Int32(exactly: number) != nil: return value
        case (.intOrString, _):
            throw DecodeFailure(message: "json: cannot unmarshal \(Self.name(of: value)) into Go value of type int32")
        case (.quantity, _): return .string(try quantityText(value))
        case (.time, .string(let text)), (.microTime, .string(let text)):
            guard let time = Timestamp(text) else {
                throw DecodeFailure(message: Self.timeMessage(text, micro: form == .microTime))
            }
            return .string(form == .time ? time.text : time.microText)
        case (.bytes, .string(let text)):
            if let offset = Base64Check.firstIllegalByte(of: text) {
                throw DecodeFailure(message: "illegal base64 data at input byte \(offset)")
            }
            return value
        default: throw mismatch(value, at: position)
        }
    }

    private func quantityText(_ value: Value) throws(DecodeFailure) -> String {
        let isScalar: Bool =
            switch value {
            case .string, .integer, .number: true
            default: false
            }
        guard isScalar, let quantity = Quantity(value) else {
            throw DecodeFailure(
                message: "quantities must match the regular expression "
                    + "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
        }
        return quantity.text
    }

    private static func timeMessage(_ text: String, micro: Bool) -> String {
        let layout = micro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00"
        return "parsing time \"\(text)\" as \"\(layout)\": cannot parse \"\(text)\" as \"2006\""
    }

    private func mismatch(_ value: Value, at position: Int) -> DecodeFailure {
        let node = table[position]
        let found = Self.name(of: value, forInteger: node.form == .int32 || node.form == .int64)
        let start = "json: cannot unmarshal \(found) into Go"
        let path = fieldPath.joined(separator: ".")
        guard !path.isEmpty, !structName.isEmpty else {
            return DecodeFailure(message: "\(start) value of type \(node.goType)")
        }
        return DecodeFailure(message: "\(start) struct field \(structName).\(path) of type \(node.goType)")
    }

    private static func name(of value: Value, forInteger: Bool = false) -> String {
        switch value {
        case .null: "null"
        case .bool: "bool"
        case .integer, .number: forInteger ? "number \(JSON.text(value))" : "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

extension SchemaTable {
    /// What Go's decoder leaves in a list item or map value that is null.
    func emptyValue(of position: Int) -> Value {
        switch self[position].form {
        case .object, .map: .emptyObject
        case .list: .array([])
        case .string, .bytes: ""
        case .boolean: false
        case .number, .int32, .int64, .intOrString: 0
        case .quantity: "0"
        case .time, .microTime, .anything: .null
        }
    }
}

/// Tells whether text is padded base64, without decoding it.
enum Base64Check {
    /// The offset of the first byte that cannot be there; nil when the text is right. Line ends are allowed.
    static func firstIllegalByte(of text: String) -> Int? {
        var count = 0
        var padding = 0
        var length = 0
        for (offset, byte) in text.utf8.enumerated() {
            length = offset + 1
            switch byte {
            case 10, 13: continue
            case 61:
                padding += 1
                if count % 4 < 2 && padding == 1 { return offset }
                if padding > 2 || (count + padding) % 4 == 1 { return offset }
            case 65...90, 97...122, 48...57, 43, 47:
                if padding > 0 { return offset }
                count += 1
            default: return offset
            }
        }
        return (count + padding) % 4 == 0 ? nil : length
    }
}

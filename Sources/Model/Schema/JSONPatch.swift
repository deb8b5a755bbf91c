package import ObjectModel

/// JSON Patch (RFC 6902), with the limits of upstream's servers.
///
/// More than 10,000 operations, or copies of more than 3 MiB, are 413. An operation that does not apply, such as a
/// failed `test`, is 422; a patch that is none is 400.
package struct JSONPatch: Sendable {
    /// The most operations of one patch.
    package static let maximumOperations = 10_000
    /// The most bytes that all `copy` operations of one patch may add.
    package static let maximumCopiedBytes = 3 * 1024 * 1024
    /// The most bytes that all `move` operations may touch: measuring what moves must stay cheap.
    private static let maximumMovedBytes = 64 * 1024 * 1024
    /// The most items and fields that all operations may shift: removing from a long list shifts what follows.
    private static let maximumShifted = 20_000_000

    private struct Operation: Sendable {
        enum Kind: String { case add, remove, replace, move, copy, test }
        let kind: Kind
        let path: JSONPointer
        let source: JSONPointer?
        let value: Value
    }

    /// What the operations so far have cost.
    private struct Effort {
        var copied = 0
        var moved = 0
        var shifted = 0
    }

    private let operations: [Operation]

    /// Reads a patch.
    package init(_ body: Value) throws(APIStatus) {
        guard let items = body.array else {
            throw .badRequest("json: cannot unmarshal \(Self.name(of: body)) into Go value of type jsonpatch.Patch")
        }
        guard items.count <= Self.maximumOperations else {
            throw .tooLarge(
                "The allowed maximum operations in a JSON patch is \(Self.maximumOperations), got \(items.count)")
        }
        var operations: [Operation] = []
        operations.reserveCapacity(items.count)
        for item in items { operations.append(try Self.operation(item)) }
        self.operations = operations
    }

    /// The object after all operations.
    package func apply(to original: Value) throws(APIStatus) -> Value {
        var document = original
        var effort = Effort()
        for operation in operations {
            do throws(JSONPatchFailure) {
                try Self.perform(operation, on: &document, &effort)
                guard effort.shifted <= Self.maximumShifted else {
                    throw .tooLarge("the JSON patch changes too long lists")
                }
            } catch {
                throw error.status
            }
        }
        return document
    }

    private static func perform(
        _ operation: Operation, on document: inout Value, _ effort: inout Effort
    ) throws(JSONPatchFailure) {
        let path = operation.path
        switch operation.kind {
        case .add:
            try path.edit(&document, .add(try bounded(operation.value, at: path)), touched: &effort.shifted)
        case .replace:
            try path.edit(&document, .replace(try bounded(operation.value, at: path)), touched: &effort.shifted)
        case .remove: try path.edit(&document, .remove, touched: &effort.shifted)
        case .test:
            guard path.value(in: document) ?? .null == operation.value else {
                throw .invalid("testing path \(path.text) failed")
            }
        case .copy: try copy(operation, in: &document, &effort)
        case .move: try move(operation, in: &document, &effort)
        }
    }

    private static func copy(
        _ operation: Operation, in document: inout Value, _ effort: inout Effort
    ) throws(JSONPatchFailure) {
        let value = try source(of: operation, in: document)
        var size = ValueSize(limit: maximumCopiedBytes - effort.copied)
        guard size.measure(value) else {
            throw .tooLarge(
                "Unable to complete the copy, the accumulated size increase of copy is more than the limit "
                    + "\(maximumCopiedBytes)")
        }
        effort.copied += size.bytes
        try bound(depth: size.depth, at: operation.path)
        try operation.path.edit(&document, .add(value), touched: &effort.shifted)
    }

    private static func move(
        _ operation: Operation, in document: inout Value, _ effort: inout Effort
    ) throws(JSONPatchFailure) {
        guard let from = operation.source else { return }
        let value = try source(of: operation, in: document)
        if operation.path.isBelow(from) {
            throw .invalid("unable to move \(from.text) into one of its children")
        }
        var size = ValueSize(limit: maximumMovedBytes - effort.moved)
        guard size.measure(value) else { throw .tooLarge("the JSON patch moves too much") }
        effort.moved += size.bytes
        try bound(depth: size.depth, at: operation.path)
        try from.edit(&document, .remove, touched: &effort.shifted)
        try operation.path.edit(&document, .add(value), touched: &effort.shifted)
    }

    private static func source(of operation: Operation, in document: Value) throws(JSONPatchFailure) -> Value {
        guard let value = operation.source?.value(in: document) else {
            throw .invalid(
                "\(operation.kind.rawValue) operation does not apply: doc is missing from path: "
                    + "\(operation.source?.text ?? ""): missing value")
        }
        return value
    }

    private static func bounded(_ value: Value, at path: JSONPointer) throws(JSONPatchFailure) -> Value {
        var size = ValueSize(limit: Int.max)
        _ = size.measure(value)
        try bound(depth: size.depth, at: path)
        return value
    }

    private static func bound(depth: Int, at path: JSONPointer) throws(JSONPatchFailure) {
        // A value of depth 0 may itself be an empty object or list, which counts.
        guard depth + path.steps.count < JSON.maximumBodyDepth else {
            throw .invalid("the result would be nested deeper than \(JSON.maximumBodyDepth)")
        }
    }

    private static func operation(_ item: Value) throws(APIStatus) -> Operation {
        guard item.fields != nil else {
            throw .badRequest(
                "json: cannot unmarshal \(name(of: item)) into Go value of type jsonpatch.Operation")
        }
        let text = item["op"]?.string ?? "unknown"
        guard let kind = Operation.Kind(rawValue: text) else { throw rejected("Unexpected kind: \(text)") }
        guard let path = item["path"]?.string.flatMap(JSONPointer.init) else {
            throw rejected("\(text) operation: unable to decode path: missing value")
        }
        let source = item["from"]?.string.flatMap(JSONPointer.init)
        if kind == .move || kind == .copy, source == nil {
            throw rejected("\(text) operation: unable to decode from: missing value")
        }
        if kind == .add || kind == .replace, item["value"] == nil {
            throw rejected("\(text) operation: unable to decode value: missing value")
        }
        return Operation(kind: kind, path: path, source: source, value: item["value"] ?? .null)
    }

    fileprivate static func rejected(_ message: String) -> APIStatus {
        APIStatus(
            code: 422, reason: .invalid,
            message: "the server rejected our request due to an error in our request: \(message)",
            details: APIStatus.Details())
    }

    private static func name(of value: Value) -> String {
        switch value {
        case .null: "null"
        case .bool: "bool"
        case .integer, .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

/// Why an operation does not apply.
enum JSONPatchFailure: Error {
    case invalid(String)
    case tooLarge(String)

    var status: APIStatus {
        switch self {
        case .invalid(let message): JSONPatch.rejected(message)
        case .tooLarge(let message): .tooLarge(message)
        }
    }
}

/// The nesting of a value, and about how many bytes of JSON it has.
struct ValueSize {
    let limit: Int
    var bytes = 0
    var depth = 0

    init(limit: Int) { self.limit = limit }

    /// False as soon as the limit is passed.
    mutating func measure(_ value: Value, level: Int = 0) -> Bool {
        depth = max(depth, level)
        bytes += 1
        switch value {
        case .null, .bool, .integer, .number: bytes += 4
        case .string(let text): bytes += text.utf8.count + 2
        case .array(let items):
            for item in items where !measure(item, level: level + 1) { return false }
        case .object(let fields):
            for field in fields {
                bytes += field.key.utf8.count + 4
                if !measure(field.value, level: level + 1) { return false }
            }
        }
        return bytes <= limit
    }
}

/// The tree form of an API object: JSON, made only when an object must be changed or judged.
///
/// Integers and other numbers are kept apart, as Kubernetes does: `1` is `.integer`, `1.5` is `.number`.
/// Texts are equal when their bytes are, as for Go; fields in any order.
/// Trees come from `JSON.parse`, which bounds their depth, so recursion over a tree is safe.
package enum Value: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([Value])
    case object(Fields)
}

extension Value {
    package static func == (left: Value, right: Value) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let flag): hasher.combine(flag)
        case .integer(let number): hasher.combine(number)
        case .number(let number): hasher.combine(number)
        case .string(let text): text.hashBytes(into: &hasher)
        case .array(let items): hasher.combine(items)
        case .object(let fields): hasher.combine(fields)
        }
    }
}

extension Value {
    /// An object without fields.
    package static let emptyObject = Value.object(Fields())

    /// The field `key` of an object; nil when this is no object or has no such field. Setting nil removes the field;
    /// setting a field of something that is no object makes it one.
    package subscript(_ key: String) -> Value? {
        get {
            guard case .object(let fields) = self else { return nil }
            return fields[key]
        }
        set {
            var fields = Fields()
            if case .object(let existing) = self {
                fields = existing
                self = .null  // gives up the shared storage, so that the write below happens in place
            }
            fields[key] = newValue
            self = .object(fields)
        }
    }

    /// The value below a path of fields; nil when any step is missing.
    package subscript(_ first: String, _ second: String, _ rest: String...) -> Value? {
        get { at([first, second] + rest) }
        set { set([first, second] + rest, to: newValue) }
    }

    /// The value below `path`; nil when any step is missing.
    package func at(_ path: [String]) -> Value? {
        var current = self
        for step in path {
            guard let next = current[step] else { return nil }
            current = next
        }
        return current
    }

    /// Sets (or with nil removes) the value below `path`, making the objects between. Removing below a missing
    /// object changes nothing.
    package mutating func set(_ path: [String], to value: Value?) {
        guard let first = path.first else {
            self = value ?? .null
            return
        }
        if path.count == 1 {
            if value == nil, self[first] == nil { return }
            self[first] = value
            return
        }
        if value == nil, at(Array(path.dropLast())) == nil { return }
        var child = self[first] ?? .emptyObject
        self[first] = .null
        child.set(Array(path.dropFirst()), to: value)
        self[first] = child
    }

    /// The text of a string value.
    package var string: String? { if case .string(let text) = self { text } else { nil } }
    /// The value of a boolean.
    package var bool: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    /// The value of an integer, or of a number without a fraction that fits.
    package var int: Int? {
        switch self {
        case .integer(let number): Int(number)
        case .number(let number): Int(exactly: number)
        default: nil
        }
    }
    /// The items of an array.
    package var array: [Value]? { if case .array(let items) = self { items } else { nil } }
    /// The fields of an object.
    package var fields: Fields? { if case .object(let fields) = self { fields } else { nil } }
    /// Whether this is JSON null.
    package var isNull: Bool { if case .null = self { true } else { false } }
    /// The string fields of an object, such as labels; other fields are left out.
    package var stringMap: [String: String] {
        guard let fields else { return [:] }
        return Dictionary(
            fields.compactMap { field in field.value.string.map { (field.key, $0) } }, uniquingKeysWith: { $1 })
    }
    /// An object made from a map of strings, in key order.
    package static func stringMap(_ map: [String: String]) -> Value {
        .object(Fields(map.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }
    /// Whether this is null, false, zero, or an empty string, array or object: what Go's `omitempty` leaves out.
    package var isEmpty: Bool {
        switch self {
        case .null: true
        case .bool(let flag): !flag
        case .integer(let number): number == 0
        case .number(let number): number == 0
        case .string(let text): text.isEmpty
        case .array(let items): items.isEmpty
        case .object(let fields): fields.isEmpty
        }
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    // Not by `nil`: where a `Value?` is meant, `condition ? nil : value` would silently become the value null.

    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: Value...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, Value)...) { self = .object(Fields(elements)) }
}

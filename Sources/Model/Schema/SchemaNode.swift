package import ObjectModel

/// One type of a schema: what a value may be and how it is merged.
///
/// Types refer to each other by position in their `SchemaTable`, so recursive types make no reference cycle.
package struct SchemaNode: Sendable {
    /// What sort of value a node describes.
    package enum Form: Sendable, Hashable {
        /// Named fields.
        case object
        /// Any keys, one type of value.
        case map
        /// Items of one type.
        case list
        case string, boolean, number
        /// A whole number of 32 or 64 bits.
        case int32, int64
        /// Base64 text.
        case bytes
        /// RFC 3339 in seconds, or with microseconds.
        case time, microTime
        /// An amount such as `500m`.
        case quantity
        /// A whole number or text.
        case intOrString
        /// Anything, kept as it is.
        case anything
    }

    /// How the items of a list belong together (`x-kubernetes-list-type`).
    package enum ListKind: Sendable, Hashable {
        case atomic, set
        /// Items are told apart by these fields.
        case map(keys: [String])
    }

    /// What sort of value this is.
    package internal(set) var form: Form
    /// The name of the type in messages: `StatefulSetSpec`; empty when it has none.
    package internal(set) var typeName = ""
    /// The type in Go's notation as messages show it: `v1.PodSpec`, `[]string`, `int32`.
    package internal(set) var goType = ""
    /// The fields of an object, in schema order.
    package internal(set) var properties: [SchemaProperty] = []
    /// The position of the type of a list's items or a map's values.
    package internal(set) var element: Int?
    /// How a list's items belong together; nil when the schema does not say.
    package internal(set) var listKind: ListKind?
    /// Whether an object or map is owned and replaced as a whole (`x-kubernetes-map-type: atomic`).
    package internal(set) var isAtomicMap = false
    /// The only strings allowed; empty when all are.
    package internal(set) var allowed: [String] = []
    /// Defaults of the fields of an object, wherever the type occurs.
    package internal(set) var defaults: [SchemaDefault] = []
    var propertyIndex: [String: Int] = [:]
    /// Which properties servers always write.
    var alwaysWritten: [Int] = []

    init(form: Form) { self.form = form }

    /// The field `name` of an object; nil when the schema has none.
    package func property(_ name: String) -> SchemaProperty? { propertyIndex[name].map { properties[$0] } }
}

/// A field of an object's type.
package struct SchemaProperty: Sendable {
    /// The name of the field.
    package internal(set) var name: String
    /// The position of its type in the table.
    package internal(set) var target: Int
    /// Whether the schema lists it as required.
    package internal(set) var isRequired = false
    /// Whether servers always write it, even when it is empty.
    package internal(set) var isAlwaysWritten = false
    /// How a strategic merge patch treats it: any of `merge`, `replace`, `retainKeys`.
    package internal(set) var patchStrategies: Set<String> = []
    /// The field by which a strategic merge patch tells the items of a list apart; empty when none.
    package internal(set) var mergeKey = ""
}

/// A constant default at a path below an object.
package struct SchemaDefault: Sendable {
    /// Where the default goes: fields, and `*` for every item of a list.
    package internal(set) var path: [String]
    /// The default.
    package internal(set) var value: Value
    /// Whether an empty value (`""`, 0) counts as absent, as it does for Go fields that are no pointers.
    package internal(set) var replacesEmpty: Bool
    /// What must hold for the default to apply.
    package internal(set) var condition: Condition?
    /// Whether the object that gets the default must be there already.
    package internal(set) var needsParent = false

    /// A field below the object that must have a value.
    package struct Condition: Sendable {
        /// The path of the field.
        package internal(set) var path: [String]
        /// The value it must have; null when it must be absent or empty.
        package internal(set) var value: Value
    }
}

/// Types that refer to each other by position. Immutable once made.
package struct SchemaTable: Sendable {
    var nodes: [SchemaNode] = []

    /// The type at a position of this table.
    package subscript(position: Int) -> SchemaNode { nodes[position] }

    /// The position of the type of field `key` of the object type at `position`; nil when it has no such field. Copies
    /// no node, as walks over whole objects must not.
    func target(of key: String, at position: Int) -> Int? {
        guard let index = nodes[position].propertyIndex[key] else { return nil }
        return nodes[position].properties[index].target
    }
}

package import ObjectModel

/// The structural schema of a kind: it decodes, defaults, validates, completes and merges objects of any size in linear
/// time. Copies share one table of types.
package struct ObjectSchema: Sendable {
    /// A schema that accepts and keeps everything.
    package static let open = ObjectSchema(table: SchemaTable(nodes: [SchemaNode(form: .anything)]), root: 0)

    /// The types.
    package let table: SchemaTable
    /// The position of the object's own type in the table.
    package let root: Int
    /// Defaults of this kind's objects only, not of its types elsewhere.
    package let kindDefaults: [SchemaDefault]
    /// How protobuf bodies of this kind, and of the kinds that requests for it carry, are read; nil when none can be.
    package let protobuf: ProtobufTable?
    /// What OpenAPI publishes: all types by full name, and the name of the object's own.
    let definitions: [String: Value]
    let definitionName: String
    /// The positions of all kinds of the table.
    private let roots: [GroupVersionKind: Int]

    init(
        table: SchemaTable, root: Int, kindDefaults: [SchemaDefault] = [], definitions: [String: Value] = [:],
        definitionName: String = "", protobuf: ProtobufTable? = nil, roots: [GroupVersionKind: Int] = [:]
    ) {
        self.table = table
        self.root = root
        self.kindDefaults = kindDefaults
        self.definitions = definitions
        self.definitionName = definitionName
        self.protobuf = protobuf
        self.roots = roots
    }

    /// How bodies of another kind of the same table are decoded, such as those of a subresource; nil when the table
    /// has no such kind. Its defaults are those of its types alone.
    package func schema(of gvk: GroupVersionKind) -> ObjectSchema? {
        roots[gvk].map { ObjectSchema(table: table, root: $0, protobuf: protobuf, roots: roots) }
    }

    /// The object's own type.
    package var rootNode: SchemaNode { table[root] }
    /// Whether the schema knows fields at all; an open one has neither merge keys nor defaults.
    package var isOpen: Bool { rootNode.form == .anything }

    /// The type below a path of fields; list items and map values take one step of any name (`*`). Nil when the schema
    /// has no such path.
    package func node(at path: [String]) -> SchemaNode? {
        var current = rootNode
        for step in path {
            switch current.form {
            case .object:
                guard let property = current.property(step) else { return nil }
                current = table[property.target]
            case .list, .map:
                guard let element = current.element else { return nil }
                current = table[element]
            case .anything: return current
            default: return nil
            }
        }
        return current
    }

    /// The field below a path of fields; nil when the schema has none.
    package func property(at path: [String]) -> SchemaProperty? {
        guard let last = path.last else { return nil }
        return node(at: Array(path.dropLast()))?.property(last)
    }
}

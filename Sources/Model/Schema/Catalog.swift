package import ObjectModel

/// The catalogue of builtin kinds: facts about types, names, verbs, defaults and columns, read from its data file.
///
/// Made once; a value that is cheap to copy.
package struct Catalog: Sendable {
    /// Why bytes are no catalogue.
    package struct Malformed: Error, Sendable, CustomStringConvertible {
        /// What is wrong.
        package let description: String

        /// A catalogue with this fault.
        package init(description: String) { self.description = description }
    }

    /// The kinds, in discovery's order.
    package let rows: [CatalogRow]
    /// The types of all kinds.
    package let table: SchemaTable
    /// The messages of protobuf bodies.
    package let protobuf: ProtobufTable
    /// The types as OpenAPI has them, by full name (`io.k8s.api.core.v1.Pod`), in their published form.
    let definitions: [String: Value]
    private let positions: [String: Int]
    private let definitionNames: [GroupVersionKind: String]
    private let roots: [GroupVersionKind: Int]
    private let kindDefaults: [GroupVersionKind: [SchemaDefault]]

    /// Reads the catalogue's data file.
    package init(parsing bytes: [UInt8]) throws(Malformed) {
        let document: Value
        do { document = try JSON.parse(bytes) } catch { throw Malformed(description: "catalogue: \(error)") }
        guard let types = document["types"]?.fields, let kinds = document["kinds"]?.array else {
            throw Malformed(description: "catalogue: types or kinds are missing")
        }
        var builder = SchemaTableBuilder(definitions: types, typeDefaults: document["typeDefaults"]?.fields ?? Fields())
        (table, positions) = builder.build()
        definitions = Dictionary(types.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        definitionNames = Self.names(of: types)
        roots = definitionNames.compactMapValues { [positions] in positions[$0] }
        guard let protobuf = ProtobufTable(document["protobuf"], names: definitionNames) else {
            throw Malformed(description: "catalogue: a protobuf message is malformed")
        }
        self.protobuf = protobuf
        kindDefaults = Self.defaults(document["kindDefaults"]?.fields ?? Fields())
        var rows: [CatalogRow] = []
        for kind in kinds {
            guard let row = CatalogRow(kind) else { throw Malformed(description: "catalogue: \(JSON.text(kind))") }
            rows.append(row)
        }
        self.rows = rows
    }

    /// The row of a kind; nil when it is not in the catalogue.
    package func row(_ gvk: GroupVersionKind) -> CatalogRow? { rows.first { $0.gvk == gvk } }

    /// The schema of a kind or of a body such as `DeleteOptions`; nil when the catalogue has none.
    package func schema(_ gvk: GroupVersionKind) -> ObjectSchema? {
        guard let name = definitionNames[gvk], let root = positions[name] else { return nil }
        return ObjectSchema(
            table: table, root: root, kindDefaults: kindDefaults[gvk] ?? [], definitions: definitions,
            definitionName: name, protobuf: protobuf, roots: roots)
    }

    /// A kind made from its row: `cells` gives each column's cell by the column's name (a column without one is left
    /// out), `hooks` its behaviour. Nil when the catalogue has no such kind.
    package func definition(
        _ gvk: GroupVersionKind, cells: [String: @Sendable (Value, Timestamp) -> Value] = [:],
        hooks: KindHooks = KindHooks()
    ) -> KindDefinition? {
        guard let row = row(gvk), let schema = schema(gvk) else { return nil }
        let columns = row.columns.compactMap { header -> TableColumn? in
            guard let cell = cells[header.name] else { return nil }
            return TableColumn(
                name: header.name, type: header.type, format: header.format, priority: header.priority, cell: cell)
        }
        return KindDefinition(
            gvk: gvk, names: row.names, scope: row.scope, verbs: row.verbs, subresources: row.subresources,
            schema: schema, columns: columns, selectableFields: row.selectableFields, rules: row.rules, hooks: hooks)
    }

    private static func names(of types: Fields) -> [GroupVersionKind: String] {
        var names: [GroupVersionKind: String] = [:]
        for type in types {
            for entry in type.value["gvk"]?.array ?? [] {
                guard let gvk = GroupVersionKind(triple: entry) else { continue }
                names[gvk] = type.key
            }
        }
        return names
    }

    private static func defaults(_ fields: Fields) -> [GroupVersionKind: [SchemaDefault]] {
        var defaults: [GroupVersionKind: [SchemaDefault]] = [:]
        for field in fields {
            let slash = field.key.lastIndex(of: "/") ?? field.key.startIndex
            guard let groupVersion = GroupVersion(apiVersion: String(field.key[..<slash])) else { continue }
            let gvk = GroupVersionKind(groupVersion, String(field.key[slash...].dropFirst()))
            defaults[gvk] = (field.value.array ?? []).compactMap(SchemaDefault.init(catalogEntry:))
        }
        return defaults
    }
}

/// One builtin kind as the catalogue has it.
package struct CatalogRow: Sendable {
    /// A column without its cell.
    package struct ColumnHeader: Sendable, Hashable {
        /// The header.
        package let name: String
        /// `string`, `integer`, `number`, `boolean` or `date`.
        package let type: String
        /// `name` for the name, else mostly empty.
        package let format: String
        /// 0 is always shown, more only with `-o wide`.
        package let priority: Int
    }

    /// Group, version and kind.
    package let gvk: GroupVersionKind
    /// The names it is known by.
    package let names: KindNames
    /// Where its objects live.
    package let scope: KindDefinition.Scope
    /// The verbs discovery lists.
    package let verbs: [String]
    /// Its subresources.
    package let subresources: [Subresource]
    /// Its columns without their cells.
    package let columns: [ColumnHeader]
    /// Field selectors beyond metadata.name and metadata.namespace: label → path in the object.
    package let selectableFields: [String: [String]]
    /// Rules of writing.
    package let rules: KindRules
}

extension CatalogRow {
    init?(_ row: Value) {
        guard let gvk = GroupVersionKind(triple: row["gvk"] ?? .null), let plural = row["n"]?.string else {
            return nil
        }
        self.gvk = gvk
        names = KindNames(
            plural: plural, singular: row["s"]?.string ?? plural, shortNames: row.strings("sh"),
            categories: row.strings("c"))
        scope = row["ns"]?.bool == true ? .namespaced : .cluster
        verbs = row.strings("v")
        subresources = (row["sub"]?.array ?? []).map { Subresource($0, of: gvk) }
        columns = (row["cols"]?.array ?? []).map {
            ColumnHeader(
                name: $0["name"]?.string ?? "", type: $0["type"]?.string ?? "string",
                format: $0["format"]?.string ?? "", priority: $0["priority"]?.int ?? 0)
        }
        selectableFields = (row["fields"]?.stringMap ?? [:]).mapValues { $0.split(separator: ".").map(String.init) }
        var rules = KindRules()
        let flags = Set(row.strings("rules"))
        rules.createsOnPut = flags.contains("createOnPut")
        rules.requiresRevisionOnPut = flags.contains("resourceVersionRequiredOnPut")
        rules.hasGeneration = flags.contains("hasGeneration")
        rules.returnsDeletedObject = flags.contains("returnsDeletedObject")
        rules.defaultPropagation = flags.contains("orphan") ? .orphan : .background
        self.rules = rules
    }
}

extension Subresource {
    fileprivate init(_ row: Value, of parent: GroupVersionKind) {
        let name = row["n"]?.string ?? ""
        let behaviour: Behaviour =
            switch name {
            case "status": .status
            case "scale":
                .scale(
                    replicas: ["spec", "replicas"], statusReplicas: ["status", "replicas"],
                    selector: ["spec", "selector"])
            default: .custom
            }
        self.init(
            name: name, responseKind: GroupVersionKind(triple: row["rk"] ?? .null), verbs: row.strings("v"),
            behaviour: behaviour)
    }
}

extension GroupVersionKind {
    /// Reads `[group, version, kind]`.
    init?(triple value: Value) {
        let parts = (value.array ?? []).compactMap(\.string)
        guard parts.count == 3, !parts[1].isEmpty else { return nil }
        self.init(group: parts[0], version: parts[1], kind: parts[2])
    }
}

extension Value {
    /// The strings of the list in field `key`.
    func strings(_ key: String) -> [String] { self[key]?.array?.compactMap(\.string) ?? [] }
}

extension SchemaDefault {
    /// Reads `[path, value, replacesEmpty]`, or that and `condition path, condition value, needsParent`.
    init?(catalogEntry entry: Value) {
        guard let parts = entry.array, parts.count >= 3, let path = parts[0].string else { return nil }
        self.path = path.split(separator: ".").map(String.init)
        value = parts[1]
        replacesEmpty = parts[2].bool ?? false
        if parts.count == 6, let conditionPath = parts[3].string {
            condition = Condition(path: conditionPath.split(separator: ".").map(String.init), value: parts[4])
            needsParent = parts[5].bool ?? false
        }
    }
}

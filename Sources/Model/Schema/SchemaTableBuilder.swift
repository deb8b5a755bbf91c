internal import ObjectModel

/// Makes a table from definitions that refer to each other by name.
struct SchemaTableBuilder {
    private let definitions: Fields
    private let typeDefaults: Fields
    private var nodes: [SchemaNode] = []
    private var positions: [String: Int] = [:]
    private var scalars: [SchemaNode.Form: Int] = [:]

    init(definitions: Fields, typeDefaults: Fields = Fields()) {
        self.definitions = definitions
        self.typeDefaults = typeDefaults
    }

    /// The table, and the position of each definition in it.
    mutating func build() -> (SchemaTable, [String: Int]) {
        for definition in definitions {
            positions[definition.key] = nodes.count
            nodes.append(SchemaNode(form: .anything))
        }
        for definition in definitions {
            guard let position = positions[definition.key] else { continue }
            nodes[position] = node(definition.value, name: definition.key)
        }
        return (SchemaTable(nodes: nodes), positions)
    }

    private mutating func node(_ schema: Value, name: String = "") -> SchemaNode {
        var node = SchemaNode(form: Self.form(of: schema, name: name))
        let parts = name.split(separator: ".").map(String.init)
        node.typeName = parts.last ?? ""
        node.goType = parts.count > 1 ? parts.suffix(2).joined(separator: ".") : Self.goName(of: node.form)
        node.allowed = schema.strings("enum")
        node.isAtomicMap = schema["x-kubernetes-map-type"]?.string == "atomic"
        switch schema["x-kubernetes-list-type"]?.string {
        case "atomic": node.listKind = .atomic
        case "set": node.listKind = .set
        case "map": node.listKind = .map(keys: schema.strings("x-kubernetes-list-map-keys"))
        default: break
        }
        if node.form == .object { addProperties(of: schema, to: &node) }
        if let items = schema["items"] ?? schema["additionalProperties"], node.form == .list || node.form == .map {
            let element = position(of: items)
            node.element = element
            node.goType = (node.form == .list ? "[]" : "map[string]") + goType(at: element, items)
        }
        if let defaults = typeDefaults[name]?.array {
            node.defaults = defaults.compactMap(SchemaDefault.init(catalogEntry:))
        }
        return node
    }

    private mutating func addProperties(of schema: Value, to node: inout SchemaNode) {
        let required = Set(schema.strings("required"))
        for field in schema["properties"]?.fields ?? Fields() {
            var property = SchemaProperty(name: field.key, target: position(of: field.value))
            property.isRequired = required.contains(field.key)
            property.isAlwaysWritten = field.value["emit"] != nil
            property.mergeKey = field.value["x-kubernetes-patch-merge-key"]?.string ?? ""
            let strategies = field.value["x-kubernetes-patch-strategy"]?.string ?? ""
            property.patchStrategies = Set(strategies.split(separator: ",").map(String.init))
            node.propertyIndex[field.key] = node.properties.count
            if property.isAlwaysWritten { node.alwaysWritten.append(node.properties.count) }
            node.properties.append(property)
        }
    }

    /// The position of a schema: that of the definition it refers to, of a scalar made before, or a new one.
    private mutating func position(of schema: Value) -> Int {
        if let reference = schema["$ref"]?.string, let position = positions[reference] { return position }
        let node = node(schema)
        let isPlain = node.allowed.isEmpty && node.element == nil && node.properties.isEmpty && node.listKind == nil
        if isPlain, !node.isAtomicMap, let position = scalars[node.form] { return position }
        nodes.append(node)
        if isPlain, !node.isAtomicMap { scalars[node.form] = nodes.count - 1 }
        return nodes.count - 1
    }

    private func goType(at position: Int, _ schema: Value) -> String {
        if let reference = schema["$ref"]?.string {
            return reference.split(separator: ".").suffix(2).joined(separator: ".")
        }
        return nodes[position].goType
    }

    private static func form(of schema: Value, name: String) -> SchemaNode.Form {
        switch (schema["type"]?.string, schema["format"]?.string) {
        case ("string", "byte"): .bytes
        case ("string", "date-time"): name.hasSuffix(".MicroTime") ? .microTime : .time
        case ("string", "quantity"): .quantity
        case ("string", "int-or-string"): .intOrString
        case ("string", _): .string
        case ("boolean", _): .boolean
        case ("integer", "int32"): .int32
        case ("integer", _): .int64
        case ("number", _): .number
        case ("array", _): .list
        case ("object", _):
            schema["properties"] != nil ? .object : schema["additionalProperties"] != nil ? .map : .anything
        default: .anything
        }
    }

    private static func goName(of form: SchemaNode.Form) -> String {
        switch form {
        case .boolean: "bool"
        case .number: "float64"
        case .int32: "int32"
        case .int64: "int64"
        case .bytes: "[]uint8"
        case .object, .map, .anything: "map[string]interface {}"
        case .list: "[]interface {}"
        case .string, .time, .microTime, .quantity, .intOrString: "string"
        }
    }
}

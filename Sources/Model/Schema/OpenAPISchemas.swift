internal import ObjectModel

/// Collects the types a document refers to and writes them as OpenAPI 3 has them.
struct OpenAPISchemas {
    private var collected: [String: Value] = [:]

    /// A reference to the type of `gvk`, which is collected with all it refers to; an open object when it is unknown.
    mutating func reference(to gvk: GroupVersionKind, kind: KindDefinition, catalog: Catalog) -> Value {
        var schema = gvk == kind.gvk ? kind.schema : catalog.schema(gvk)
        if schema == nil, gvk.kind == kind.gvk.kind + "List" { schema = kind.schema }
        guard let schema, !schema.definitionName.isEmpty else { return ["type": "object"] }
        collect(schema.definitionName, from: schema.definitions)
        return Self.reference(schema.definitionName)
    }

    /// All collected types by name.
    var published: Value { .object(Fields(collected.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })) }

    private mutating func collect(_ root: String, from definitions: [String: Value]) {
        var waiting = [root]
        while let name = waiting.popLast() {
            guard collected[name] == nil, let definition = definitions[name] else { continue }
            collected[name] = Self.published(definition, references: &waiting)
        }
    }

    private static func reference(_ name: String) -> Value { ["$ref": .string("#/components/schemas/\(name)")] }

    private static func published(_ schema: Value, references: inout [String]) -> Value {
        var result = Fields()
        for field in schema.fields ?? Fields() {
            switch field.key {
            case "emit": continue
            case "$ref":
                guard let name = field.value.string else { continue }
                references.append(name)
                result["allOf"] = [reference(name)]
            case "gvk": result["x-kubernetes-group-version-kind"] = groupVersionKinds(field.value)
            case "properties":
                var properties: [(String, Value)] = []
                for property in field.value.fields ?? Fields() {
                    properties.append((property.key, published(property.value, references: &references)))
                }
                result["properties"] = .object(Fields(properties))
            case "items", "additionalProperties":
                result[field.key] = published(field.value, references: &references)
            case "format": addFormat(field.value, to: &result)
            case "type": if result["oneOf"] == nil { result["type"] = field.value }
            default: result[field.key] = field.value
            }
        }
        return .object(result)
    }

    /// Formats that are more than one type of JSON value.
    private static func addFormat(_ format: Value, to result: inout Fields) {
        switch format.string {
        case "int-or-string":
            result["format"] = format
            result["oneOf"] = [["type": "integer"], ["type": "string"]]
            result["type"] = nil
        case "quantity":
            result["oneOf"] = [["type": "string"], ["type": "number"]]
            result["type"] = nil
        default: result["format"] = format
        }
    }

    private static func groupVersionKinds(_ value: Value) -> Value {
        .array((value.array ?? []).compactMap { GroupVersionKind(triple: $0)?.published })
    }
}

extension GroupVersionKind {
    /// `x-kubernetes-group-version-kind`.
    var published: Value { ["group": .string(group), "kind": .string(kind), "version": .string(version)] }
}

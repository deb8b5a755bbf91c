package import ObjectModel

extension ObjectSchema {
    /// The strings that are none of those their type allows, as upstream's `NotSupported` errors. Rules beyond the
    /// schema are the kind's own; Go's empty values satisfy `required`, so it is not judged here.
    package func validate(_ value: Value) -> [FieldError] {
        var validation = EnumValidation(table: table)
        validation.visit(value, at: root, path: FieldPath(""))
        return validation.errors
    }
}

private struct EnumValidation {
    let table: SchemaTable
    var errors: [FieldError] = []

    mutating func visit(_ value: Value, at position: Int, path: FieldPath) {
        let node = table[position]
        switch (node.form, value) {
        case (.object, .object(let fields)):
            for field in fields {
                guard let property = node.property(field.key) else { continue }
                visit(field.value, at: property.target, path: path.child(field.key))
            }
        case (.map, .object(let fields)):
            guard let element = node.element else { return }
            for field in fields { visit(field.value, at: element, path: path.key(field.key)) }
        case (.list, .array(let items)):
            guard let element = node.element else { return }
            for (index, item) in items.enumerated() { visit(item, at: element, path: path.index(index)) }
        case (.string, .string(let text)):
            guard !node.allowed.isEmpty, !text.isEmpty, !node.allowed.contains(text) else { return }
            errors.append(.notSupported(path.description, value, supported: node.allowed))
        default: return
        }
    }
}

extension FieldError {
    /// A value that is none of the `supported` ones, in upstream's words.
    package static func notSupported(_ field: String, _ value: Value, supported: [String]) -> FieldError {
        let list = supported.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
        return FieldError(.notSupported, field, value, "supported values: \(list)")
    }
}

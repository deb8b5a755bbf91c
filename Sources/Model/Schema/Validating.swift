package import ObjectModel

extension ObjectSchema {
    /// The strings that are none of those their type allows, as upstream's `NotSupported` errors. Rules beyond the
    /// schema are the kind's own; Go's empty values satisfy `required`, so it is not judged here. What `value` has in
    /// common with `known` was judged before.
    package func validate(_ value: Value, knownGood known: Value? = nil) -> [FieldError] {
        var validation = EnumValidation(table: table)
        validation.visit(value, at: root, known)
        return validation.errors
    }
}

private struct EnumValidation {
    private enum Step {
        case field(String)
        case key(String)
        case index(Int)
    }

    let table: SchemaTable
    var errors: [FieldError] = []
    /// Where the walk is.
    private var path: [Step] = []

    init(table: SchemaTable) { self.table = table }

    mutating func visit(_ value: Value, at position: Int, _ known: Value?) {
        switch (table.nodes[position].form, value) {
        case (.object, .object(let fields)):
            if let known, value.isIdentical(to: known) { return }
            for field in fields {
                guard let target = table.target(of: field.key, at: position) else { continue }
                visit(field.value, at: target, known?[field.key], .field(field.key))
            }
        case (.map, .object(let fields)):
            guard let element = table.nodes[position].element else { return }
            for field in fields { visit(field.value, at: element, known?[field.key], .key(field.key)) }
        case (.list, .array(let items)):
            guard let element = table.nodes[position].element else { return }
            if let known, value.isIdentical(to: known) { return }
            let knownItems = known?.array ?? []
            for (index, item) in items.enumerated() {
                visit(item, at: element, index < knownItems.count ? knownItems[index] : nil, .index(index))
            }
        case (.string, .string(let text)):
            let allowed = table.nodes[position].allowed
            guard !allowed.isEmpty, !text.isEmpty, !allowed.contains(text) else { return }
            errors.append(.notSupported(fieldPath.description, value, supported: allowed))
        default: return
        }
    }

    private mutating func visit(_ value: Value, at position: Int, _ known: Value?, _ step: Step) {
        path.append(step)
        visit(value, at: position, known)
        path.removeLast()
    }

    private var fieldPath: FieldPath {
        path.reduce(FieldPath("")) { path, step in
            switch step {
            case .field(let name): path.child(name)
            case .key(let name): path.key(name)
            case .index(let index): path.index(index)
            }
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

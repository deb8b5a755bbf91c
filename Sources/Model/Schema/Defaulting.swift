package import ObjectModel

extension ObjectSchema {
    /// Sets the constant defaults of the kind and of every type in the object that has none there yet.
    package func applyDefaults(to value: inout Value) {
        for constant in kindDefaults { constant.apply(to: &value) }
        value = table.defaulted(value, at: root)
    }
}

extension SchemaTable {
    fileprivate func defaulted(_ value: Value, at position: Int) -> Value {
        let node = self[position]
        switch (node.form, value) {
        case (.object, .object(var fields)):
            var object = value
            for constant in node.defaults { constant.apply(to: &object) }
            if !node.defaults.isEmpty, case .object(let defaulted) = object { fields = defaulted }
            fields.mapValues { key, child in
                node.property(key).map { defaulted(child, at: $0.target) } ?? child
            }
            return .object(fields)
        case (.list, .array(let items)):
            guard let element = node.element, mayDefault(element) else { return value }
            return .array(items.map { defaulted($0, at: element) })
        case (.map, .object(var fields)):
            guard let element = node.element, mayDefault(element) else { return value }
            fields.mapValues { _, child in defaulted(child, at: element) }
            return .object(fields)
        default: return value
        }
    }

    private func mayDefault(_ position: Int) -> Bool {
        switch self[position].form {
        case .object, .map, .list: true
        default: false
        }
    }
}

extension SchemaDefault {
    /// Sets the default where it applies; missing lists are not made, missing objects only when they may be.
    func apply(to object: inout Value) {
        if let condition {
            let found = object.at(condition.path) ?? .null
            guard condition.value.isNull ? found.isEmpty : found == condition.value else { return }
        }
        object = set(in: object, along: path[...])
    }

    private func set(in object: Value, along path: ArraySlice<String>) -> Value {
        guard let step = path.first else {
            return object.isNull || (replacesEmpty && object.isEmpty) ? value : object
        }
        let rest = path.dropFirst()
        if step == "*" {
            guard case .array(let items) = object else { return object }
            return .array(items.map { set(in: $0, along: rest) })
        }
        if object.isNull, needsParent { return object }
        if rest.first == "*", object[step] == nil { return object }
        guard case .object(var fields) = object.isNull ? .emptyObject : object else { return object }
        let child = set(in: fields[step] ?? .null, along: rest)
        if !child.isNull { fields[step] = child }
        return .object(fields)
    }
}

package import ObjectModel

extension ObjectSchema {
    /// Sets the constant defaults of the kind and of every type in the object that has none there yet. What `value` has
    /// in common with `known`, which has its defaults, is left alone.
    package func applyDefaults(to value: inout Value, knownGood known: Value? = nil) {
        for constant in kindDefaults { constant.apply(to: &value) }
        if let changed = table.defaulted(value, at: root, known) { value = changed }
    }
}

extension SchemaTable {
    /// The value with its defaults; nil when it has them.
    fileprivate func defaulted(_ value: Value, at position: Int, _ known: Value?) -> Value? {
        if let known, value.isIdentical(to: known) { return nil }
        switch (nodes[position].form, value) {
        case (.object, .object): return defaultedObject(value, at: position, known)
        case (.list, .array(let items)):
            guard let element = nodes[position].element, mayDefault(element) else { return nil }
            let knownItems = known?.array ?? []
            return items.updated { index, item in
                defaulted(item, at: element, index < knownItems.count ? knownItems[index] : nil)
            }.map(Value.array)
        case (.map, .object(var fields)):
            guard let element = nodes[position].element, mayDefault(element) else { return nil }
            let isChanged = fields.updateValues { key, child in defaulted(child, at: element, known?[key]) }
            return isChanged ? .object(fields) : nil
        default: return nil
        }
    }

    private func defaultedObject(_ value: Value, at position: Int, _ known: Value?) -> Value? {
        var object = value
        for constant in nodes[position].defaults { constant.apply(to: &object) }
        guard case .object(var fields) = object else { return nil }
        let isChanged = fields.updateValues { key, child in
            guard let target = target(of: key, at: position) else { return nil }
            return defaulted(child, at: target, known?[key])
        }
        if isChanged { return .object(fields) }
        return object.isIdentical(to: value) ? nil : object
    }

    private func mayDefault(_ position: Int) -> Bool {
        switch nodes[position].form {
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
        if let changed = set(in: object, along: path[...]) { object = changed }
    }

    /// What `object` becomes; nil when it stays as it is.
    private func set(in object: Value, along path: ArraySlice<String>) -> Value? {
        guard let step = path.first else {
            return object.isNull || (replacesEmpty && object.isEmpty) ? value : nil
        }
        let rest = path.dropFirst()
        if step == "*" {
            guard case .array(let items) = object else { return nil }
            return items.updated { _, item in set(in: item, along: rest) }.map(Value.array)
        }
        if object.isNull, needsParent { return nil }
        if rest.first == "*", object[step] == nil { return nil }
        guard case .object(var fields) = object.isNull ? .emptyObject : object else { return nil }
        guard let child = set(in: fields[step] ?? .null, along: rest), !child.isNull else { return nil }
        fields[step] = child
        return .object(fields)
    }
}

extension [Value] {
    /// The items with those replaced for which `change` makes something else; nil when none is.
    func updated(_ change: (Int, Value) -> Value?) -> [Value]? {
        var result: [Value]?
        for (index, item) in enumerated() {
            guard let replacement = change(index, item) else { continue }
            result = result ?? self
            result?[index] = replacement
        }
        return result
    }
}

package import ObjectModel

extension ObjectSchema {
    /// Adds what upstream's servers always write: strict clients refuse objects without those fields. Present values
    /// stay; absent ones become the empty value of their type. Required objects are not made up: their absence is an
    /// error that validation is to find. What `value` has in common with `known`, which is complete, is left alone.
    package func fillRequired(_ value: inout Value, knownGood known: Value? = nil) {
        if let changed = table.completed(value, at: root, known, depth: 0) { value = changed }
    }
}

extension SchemaTable {
    /// Types that always write themselves would never end; none is nested so deep.
    private static let maximumMadeDepth = 12

    /// The complete value; nil when it is.
    fileprivate func completed(_ value: Value, at position: Int, _ known: Value?, depth: Int) -> Value? {
        if let known, value.isIdentical(to: known) { return nil }
        switch (nodes[position].form, value) {
        case (.object, .object(let fields)): return completedObject(fields, at: position, known, depth: depth)
        case (.list, .array(let items)):
            guard let element = nodes[position].element, nodes[element].form == .object else { return nil }
            let knownItems = known?.array ?? []
            return items.updated { index, item in
                completed(item, at: element, index < knownItems.count ? knownItems[index] : nil, depth: depth)
            }.map(Value.array)
        case (.map, .object(var fields)):
            guard let element = nodes[position].element, nodes[element].form == .object else { return nil }
            let isChanged = fields.updateValues { key, child in
                completed(child, at: element, known?[key], depth: depth)
            }
            return isChanged ? .object(fields) : nil
        default: return nil
        }
    }

    private func completedObject(_ present: Fields, at position: Int, _ known: Value?, depth: Int) -> Value? {
        var fields = present
        var isChanged = fields.updateValues { key, child in
            guard let target = target(of: key, at: position) else { return nil }
            return completed(child, at: target, known?[key], depth: depth)
        }
        guard depth < Self.maximumMadeDepth else { return isChanged ? .object(fields) : nil }
        for index in nodes[position].alwaysWritten {
            let property = nodes[position].properties[index]
            if fields[property.name] != nil { continue }
            if property.isRequired, nodes[property.target].form == .object { continue }
            let empty = emptyValue(of: property.target)
            fields[property.name] = completed(empty, at: property.target, nil, depth: depth + 1) ?? empty
            isChanged = true
        }
        return isChanged ? .object(fields) : nil
    }
}

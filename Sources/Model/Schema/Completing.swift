package import ObjectModel

extension ObjectSchema {
    /// Adds what upstream's servers always write: strict clients refuse objects without those fields. Present values
    /// stay; absent ones become the empty value of their type. Required objects are not made up: their absence is an
    /// error that validation is to find.
    package func fillRequired(_ value: inout Value) { value = table.completed(value, at: root, depth: 0) }
}

extension SchemaTable {
    /// Types that always write themselves would never end; none is nested so deep.
    private static let maximumMadeDepth = 12

    fileprivate func completed(_ value: Value, at position: Int, depth: Int) -> Value {
        let node = self[position]
        switch (node.form, value) {
        case (.object, .object(var fields)):
            fields.mapValues { key, child in
                node.property(key).map { completed(child, at: $0.target, depth: depth) } ?? child
            }
            guard depth < Self.maximumMadeDepth else { return .object(fields) }
            for property in node.properties where property.isAlwaysWritten && fields[property.name] == nil {
                if property.isRequired, self[property.target].form == .object { continue }
                let empty = emptyValue(of: property.target)
                fields[property.name] = completed(empty, at: property.target, depth: depth + 1)
            }
            return .object(fields)
        case (.list, .array(let items)):
            guard let element = node.element, self[element].form == .object else { return value }
            return .array(items.map { completed($0, at: element, depth: depth) })
        case (.map, .object(var fields)):
            guard let element = node.element, self[element].form == .object else { return value }
            fields.mapValues { _, child in completed(child, at: element, depth: depth) }
            return .object(fields)
        default: return value
        }
    }
}

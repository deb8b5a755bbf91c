package import ObjectModel

/// Strategic merge patch: a merge patch that tells the items of a list apart by a merge key, and knows directives.
///
/// Linear in the size of object and patch. Rules and messages are upstream's (`strategicpatch`).
package struct StrategicMergePatch: Sendable {
    let table: SchemaTable

    /// The object after the patch. Throws 400 for directives that make no sense, 422 for lists of lists.
    package static func apply(
        _ patch: Value, to original: Value, schema: ObjectSchema
    ) throws(APIStatus) -> Value {
        guard case .object(let changes) = patch else { throw .badRequest("invalid JSON document") }
        let merge = StrategicMergePatch(table: schema.table)
        return .object(try merge.merge(changes, into: original.fields ?? Fields(), at: schema.root))
    }

    enum Directive {
        static let patch = "$patch"
        static let retainKeys = "$retainKeys"
        static let deleteFromPrimitiveList = "$deleteFromPrimitiveList/"
        static let setElementOrder = "$setElementOrder/"
    }

    /// How one field is merged.
    struct FieldPlan {
        /// The type of the field's value, or of its items when it is a list; nil when the schema does not know.
        var child: Int?
        var strategy = ""
        var mergeKey = ""
    }

    func merge(_ patch: Fields, into original: Fields, at position: Int?) throws(APIStatus) -> Fields {
        if let directive = patch[Directive.patch] { return try replacement(directive, patch) }
        var changes = patch
        var result = original
        try retainKeys(&result, &changes)
        try mergeOrdered(&changes, into: &result, at: position)
        let removed = Set(changes.lazy.filter(\.value.isNull).map { ByteText($0.key) })
        if !removed.isEmpty { result.removeAll { removed.contains(ByteText($0.key)) } }
        for change in changes where !change.value.isNull {
            if change.key.hasPrefix(Directive.deleteFromPrimitiveList) {
                try deletePrimitives(change.key, change.value, from: &result)
                continue
            }
            result[change.key] = try merged(change.key, change.value, with: result[change.key], at: position)
        }
        return result
    }

    private func merged(
        _ key: String, _ change: Value, with current: Value?, at position: Int?
    ) throws(APIStatus) -> Value? {
        switch (current, change) {
        case (.object(let fields), .object(let patch)):
            let plan = plan(for: key, at: position)
            return plan.strategy == "replace" ? change : .object(try merge(patch, into: fields, at: plan.child))
        case (.array(let items), .array(let patch)):
            let plan = plan(for: key, at: position)
            return plan.strategy == "merge" ? .array(try mergeList(patch, into: items, plan)) : change
        default: return Self.withoutDirectives(change)
        }
    }

    /// What the schema says of field `key` of the object type at `position`.
    func plan(for key: String, at position: Int?) -> FieldPlan {
        guard let position else { return FieldPlan() }
        let node = table[position]
        var plan = FieldPlan()
        if node.form == .map {
            plan.child = node.element
        } else if let property = node.property(key) {
            plan.child = property.target
            plan.strategy = property.patchStrategies.first { $0 != "retainKeys" } ?? ""
            plan.mergeKey = property.mergeKey
        }
        if let child = plan.child, table[child].form == .list { plan.child = table[child].element }
        return plan
    }

    private func replacement(_ directive: Value, _ patch: Fields) throws(APIStatus) -> Fields {
        switch directive.string {
        case "replace":
            var replaced = patch
            replaced[Directive.patch] = nil
            return replaced
        case "delete": return Fields()
        default: throw Self.badPatchType(directive, patch)
        }
    }

    private func retainKeys(_ result: inout Fields, _ changes: inout Fields) throws(APIStatus) {
        guard let directive = changes[Directive.retainKeys] else { return }
        changes[Directive.retainKeys] = nil
        guard let list = directive.array else { throw .badRequest("invalid patch format of retainKeys") }
        let retained = Set(list.compactMap(\.string))
        for change in changes where !change.value.isNull && !Self.isListDirective(change.key) {
            guard retained.contains(change.key) else { throw .badRequest("invalid patch format of retainKeys") }
        }
        result.removeAll { !retained.contains($0.key) }
    }

    private func deletePrimitives(_ key: String, _ value: Value, from result: inout Fields) throws(APIStatus) {
        let name = String(key.dropFirst(Directive.deleteFromPrimitiveList.count))
        guard case .array(let unwanted) = value, case .array(let items)? = result[name] else { return }
        let set = Set(unwanted)
        guard !items.contains(where: { $0.fields != nil }) else {
            throw .badRequest("invalid patch format of primitive list")
        }
        result[name] = .array(items.filter { !set.contains($0) })
    }

    private static func isListDirective(_ key: String) -> Bool {
        key.hasPrefix(Directive.deleteFromPrimitiveList) || key.hasPrefix(Directive.setElementOrder)
    }

    /// A new value as it is stored: without directives, the objects they stand in, and nulls.
    static func withoutDirectives(_ value: Value) -> Value? {
        switch value {
        case .object(let fields):
            if fields[Directive.patch] != nil { return nil }
            var kept: [(String, Value)] = []
            for field in fields where !field.value.isNull && field.key != Directive.retainKeys {
                if isListDirective(field.key) { continue }
                if let child = withoutDirectives(field.value) { kept.append((field.key, child)) }
            }
            return .object(Fields(kept))
        case .array(let items): return .array(items.compactMap(withoutDirectives))
        default: return value
        }
    }

    static func badPatchType(_ directive: Value, _ patch: Fields) -> APIStatus {
        let name = directive.string ?? JSON.text(directive)
        return .badRequest("unknown patch type: \(name) in map: \(JSON.text(.object(patch)))")
    }
}

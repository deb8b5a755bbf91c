package import ObjectModel

extension KindDefinition {
    /// All broken rules of a new object: of its metadata, of its kind, and of its schema.
    package func createErrors(_ object: Value) -> [FieldError] {
        withSchemaErrors(
            MetadataValidation.validateCreate(object, kind: self) + hooks.validateCreate(object), object, knownGood: nil
        )
    }

    /// All broken rules of a change. `subresource` is empty for the main resource.
    package func updateErrors(_ object: Value, old: Value, subresource: String) -> [FieldError] {
        withSchemaErrors(
            MetadataValidation.validateUpdate(object, old: old, kind: self)
                + hooks.validateUpdate(object, old, subresource), object, knownGood: old)
    }

    /// The kind's own words win: what its rules report at a field or above it, the schema does not report again.
    private func withSchemaErrors(_ errors: [FieldError], _ object: Value, knownGood: Value?) -> [FieldError] {
        let reported = Set(errors.map(\.field))
        return errors
            + schema.validate(object, knownGood: knownGood).filter { !Self.isReported($0.field, in: reported) }
    }

    private static func isReported(_ field: String, in reported: Set<String>) -> Bool {
        guard !reported.isEmpty else { return false }
        if reported.contains(field) { return true }
        return field.indices.contains { position in
            (field[position] == "." || field[position] == "[") && reported.contains(String(field[..<position]))
        }
    }
}

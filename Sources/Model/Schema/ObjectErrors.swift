package import ObjectModel

extension KindDefinition {
    /// All broken rules of a new object: the kind's own, and the schema's at fields where the kind found nothing.
    package func errors(ofNew object: Value) -> [FieldError] {
        joined(hooks.validateCreate(object), object)
    }

    /// All broken rules of a change, joined likewise. `subresource` is empty for the main resource.
    package func errors(of object: Value, replacing old: Value, subresource: String) -> [FieldError] {
        joined(hooks.validateUpdate(object, old, subresource), object)
    }

    /// The kind knows upstream's words for a field better than the schema does.
    private func joined(_ own: [FieldError], _ object: Value) -> [FieldError] {
        let judged = Set(own.map(\.field))
        return own + schema.validate(object).filter { !judged.contains($0.field) }
    }
}

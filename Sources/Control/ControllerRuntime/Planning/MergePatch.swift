package import ObjectModel

/// JSON merge patches (RFC 7386).
package enum MergePatch {
    /// The patch that makes `old` into `new`, with null for each field that goes; nil when they are equal.
    package static func difference(from old: Value, to new: Value) -> Value? {
        guard old != new else { return nil }
        guard let former = old.fields, let current = new.fields else { return new }
        var patch = Fields()
        for field in current {
            guard let before = former[field.key] else {
                patch[field.key] = field.value
                continue
            }
            if let change = difference(from: before, to: field.value) { patch[field.key] = change }
        }
        for field in former where current[field.key] == nil { patch[field.key] = .null }
        return .object(patch)
    }
}

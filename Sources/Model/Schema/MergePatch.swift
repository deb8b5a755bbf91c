package import ObjectModel

/// JSON Merge Patch (RFC 7386).
package enum MergePatch {
    /// The object after the patch: nulls remove, objects merge, everything else replaces.
    package static func apply(_ patch: Value, to original: Value) -> Value {
        guard case .object(let changes) = patch else { return patch }
        var result = Fields()
        if case .object(let fields) = original { result = fields }
        let removed = Set(changes.lazy.filter(\.value.isNull).map { ByteText($0.key) })
        if !removed.isEmpty { result.removeAll { removed.contains(ByteText($0.key)) } }
        for change in changes where !change.value.isNull {
            result[change.key] = apply(change.value, to: result[change.key] ?? .null)
        }
        return .object(result)
    }
}

internal import ObjectModel

/// Cells of kinds that make pods from a template.
enum TemplateCells {
    /// The names of the template's containers.
    static let containers = joined("name")
    /// Their images.
    static let images = joined("image")

    private static func joined(_ key: String) -> Cell {
        { object, _ in
            let containers = object.child("spec").child("template").child("spec").items("containers")
            return .string(containers.map { $0.text(key) }.joined(separator: ","))
        }
    }

    /// A number of the spec or the status.
    static func count(_ part: String, _ key: String) -> Cell {
        { object, _ in .integer(Int64(object.child(part).number(key) ?? 0)) }
    }

    /// The selector as text; nil when it is absent or wrong.
    static func selector(_ object: Value) -> String? { LabelSelector(object.child("spec")["selector"])?.text }
}

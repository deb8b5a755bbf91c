internal import ObjectModel

/// A cell of a table: from the object and the time.
typealias Cell = @Sendable (Value, Timestamp) -> Value

/// Cells that many kinds have.
enum Cells {
    static let none = "<none>"
    static let name: Cell = { object, _ in .string(object.name) }
    static let age: Cell = { object, now in
        .string(HumanDuration.since(object.child("metadata").time("creationTimestamp"), now: now))
    }

    /// The text at a path; `fallback` when it is absent or empty.
    static func text(_ path: String..., fallback: String = "") -> Cell {
        { object, _ in
            let text = object.at(path)?.string ?? ""
            return .string(text.isEmpty ? fallback : text)
        }
    }

    /// The text of `status.phase`, or `Terminating` while it is being deleted.
    static let phase: Cell = { object, _ in
        .string(object.isBeingDeleted ? "Terminating" : object.child("status").text("phase"))
    }

    /// `k=v` pairs in order of their keys, or `<none>`.
    static func labels(_ labels: [String: String]) -> String {
        labels.isEmpty
            ? none : labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    /// The first three, and how many more there are; nil when there are none.
    static func firstThree(_ items: [String]) -> String? {
        if items.isEmpty { return nil }
        let shown = items.prefix(3).joined(separator: ",")
        return items.count > 3 ? "\(shown) + \(items.count - 3) more..." : shown
    }

    /// Access modes in short, in upstream's order.
    static func accessModes(_ modes: [String]) -> String {
        let short = [
            ("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP"),
        ]
        return short.filter { modes.contains($0.0) }.map(\.1).joined(separator: ",")
    }

    /// The class of a volume or claim: the old annotation wins.
    static let storageClass: Cell = { object, _ in
        .string(
            object.annotations["volume.beta.kubernetes.io/storage-class"]
                ?? object.child("spec").text("storageClassName"))
    }
}

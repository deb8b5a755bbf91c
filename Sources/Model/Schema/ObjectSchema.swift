package import ObjectModel

/// The structural schema of a kind.
package struct ObjectSchema: Sendable {
    /// A schema that accepts and keeps everything.
    package static let open = ObjectSchema()

    private init() {}
}

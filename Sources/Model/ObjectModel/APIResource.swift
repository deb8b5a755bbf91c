/// Names a resource in the API: enough to build its paths.
package struct APIResource: Sendable, Hashable {
    /// Group and version.
    package let groupVersion: GroupVersion
    /// The kind.
    package let kind: String
    /// The plural.
    package let plural: String
    /// Whether objects live in a namespace.
    package let isNamespaced: Bool

    /// A resource.
    package init(group: String = "", version: String = "v1", kind: String, plural: String, isNamespaced: Bool = true) {
        groupVersion = GroupVersion(group: group, version: version)
        self.kind = kind
        self.plural = plural
        self.isNamespaced = isNamespaced
    }

    /// The resource without its version.
    package var groupResource: GroupResource { GroupResource(group: groupVersion.group, resource: plural) }

    /// The path of the collection, in `namespace` or (nil or empty) in all of them, or of one object or its subresource.
    package func path(namespace: String? = nil, name: String? = nil, subresource: String? = nil) -> String {
        var path = groupVersion.rootPath
        if isNamespaced, let namespace, !namespace.isEmpty { path += "/namespaces/\(namespace)" }
        path += "/\(plural)"
        if let name { path += "/\(name)" }
        if let subresource { path += "/\(subresource)" }
        return path
    }
}

/// The compact typed view of an object that caches hold: only the fields their readers need, decoded once per event.
///
/// Reading is total: a missing field reads as its default. Writers never build objects from views; they send patches.
package protocol ObjectView: Sendable {
    /// The resource whose objects it views.
    static var resource: APIResource { get }
    /// Reads an object.
    init(_ object: Value)
}

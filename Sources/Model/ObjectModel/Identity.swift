/// A group and version of the API, such as `apps/v1` or, for the core group, `v1`.
package struct GroupVersion: Sendable, Hashable, CustomStringConvertible {
    /// The group; empty for core.
    package let group: String
    /// The version, such as `v1`.
    package let version: String

    /// The version `version` of `group`.
    package init(group: String, version: String) {
        self.group = group
        self.version = version
    }

    /// Reads an `apiVersion`; nil when it has more than one slash or an empty part.
    package init?(apiVersion: String) {
        let parts = apiVersion.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1 where !parts[0].isEmpty: self.init(group: "", version: parts[0])
        case 2 where !parts[0].isEmpty && !parts[1].isEmpty: self.init(group: parts[0], version: parts[1])
        default: return nil
        }
    }

    /// The text form used in `apiVersion`.
    package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
    package var description: String { apiVersion }
    /// The path of this group version below the server's root: `/api/v1` or `/apis/GROUP/VERSION`.
    package var rootPath: String { group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)" }
}

/// A kind in a group and version, such as apps/v1 StatefulSet.
package struct GroupVersionKind: Sendable, Hashable, CustomStringConvertible {
    /// The group and version.
    package let groupVersion: GroupVersion
    /// The kind, such as `Pod`.
    package let kind: String

    /// The kind `kind` of `groupVersion`.
    package init(_ groupVersion: GroupVersion, _ kind: String) {
        self.groupVersion = groupVersion
        self.kind = kind
    }

    /// The kind `kind` in `group` and `version`.
    package init(group: String, version: String, kind: String) {
        self.init(GroupVersion(group: group, version: version), kind)
    }

    /// The group; empty for core.
    package var group: String { groupVersion.group }
    /// The version.
    package var version: String { groupVersion.version }
    package var description: String { "\(groupVersion.apiVersion), Kind=\(kind)" }
    /// How error messages name a kind: `StatefulSet.apps`, `Pod`.
    package var qualifiedKind: String { group.isEmpty ? kind : "\(kind).\(group)" }
}

/// A resource of a group, such as `statefulsets` of `apps`.
package struct GroupResource: Sendable, Hashable, CustomStringConvertible {
    /// The group; empty for core.
    package let group: String
    /// The plural, lower-case name.
    package let resource: String

    /// The resource `resource` of `group`.
    package init(group: String, resource: String) {
        self.group = group
        self.resource = resource
    }

    /// How error messages name it: `statefulsets.apps`, `pods`.
    package var description: String { group.isEmpty ? resource : "\(resource).\(group)" }
}

/// The namespace and name of an object; the namespace is empty for objects of the cluster.
package struct NamespacedName: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The namespace; empty for objects of the cluster.
    package let namespace: String
    /// The name.
    package let name: String

    /// The name `name` in `namespace`.
    package init(namespace: String = "", name: String) {
        self.namespace = namespace
        self.name = name
    }

    package static func < (left: NamespacedName, right: NamespacedName) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
    package var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }
}

extension Value {
    /// `metadata.name`; empty when absent.
    package var name: String { self["metadata"]?["name"]?.string ?? "" }
    /// `metadata.namespace`; empty when absent.
    package var namespace: String { self["metadata"]?["namespace"]?.string ?? "" }
    /// `metadata.uid`; empty when absent.
    package var uid: String { self["metadata"]?["uid"]?.string ?? "" }
    /// `metadata.labels`.
    package var labels: [String: String] { self["metadata"]?["labels"]?.stringMap ?? [:] }
    /// `metadata.annotations`.
    package var annotations: [String: String] { self["metadata"]?["annotations"]?.stringMap ?? [:] }
    /// `metadata.finalizers`.
    package var finalizers: [String] { self["metadata"]?["finalizers"]?.array?.compactMap(\.string) ?? [] }
    /// `metadata.resourceVersion` as a revision.
    package var revision: Revision? {
        self["metadata"]?["resourceVersion"]?.string.flatMap(Revision.init(resourceVersion:))
    }
    /// Whether `metadata.deletionTimestamp` is set.
    package var isBeingDeleted: Bool { self["metadata"]?["deletionTimestamp"]?.string != nil }
    /// The namespace and name.
    package var namespacedName: NamespacedName { NamespacedName(namespace: namespace, name: name) }
}

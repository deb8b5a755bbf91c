package import ObjectModel

/// Names an object in an event, an owner reference or a claim: core/v1 ObjectReference.
package struct ObjectReference: Sendable, Hashable {
    /// The kind with its group and version.
    package let kind: GroupVersionKind
    /// The namespace and name.
    package let key: NamespacedName
    /// The uid; empty when it is not known.
    package let uid: String
    /// A part of the object, such as `spec.containers{web}`; empty for the whole.
    package let fieldPath: String
    /// The resourceVersion; empty when it does not matter.
    package let resourceVersion: String

    /// A reference.
    package init(
        kind: GroupVersionKind, key: NamespacedName, uid: String, fieldPath: String = "", resourceVersion: String = ""
    ) {
        self.kind = kind
        self.key = key
        self.uid = uid
        self.fieldPath = fieldPath
        self.resourceVersion = resourceVersion
    }

    /// A reference to an object of `resource`.
    package init(_ resource: APIResource, _ key: NamespacedName, uid: String, fieldPath: String = "") {
        self.init(
            kind: GroupVersionKind(resource.groupVersion, resource.kind), key: key, uid: uid, fieldPath: fieldPath)
    }

    /// The object form.
    package var object: Value {
        var object: Value = [
            "kind": .string(kind.kind), "apiVersion": .string(kind.groupVersion.apiVersion), "name": .string(key.name),
        ]
        if !key.namespace.isEmpty { object["namespace"] = .string(key.namespace) }
        if !uid.isEmpty { object["uid"] = .string(uid) }
        if !resourceVersion.isEmpty { object["resourceVersion"] = .string(resourceVersion) }
        if !fieldPath.isEmpty { object["fieldPath"] = .string(fieldPath) }
        return object
    }
}

/// Something to tell people about an object.
package struct EventNote: Sendable, Hashable {
    /// The type of an event.
    package enum Severity: String, Sendable {
        case normal = "Normal"
        case warning = "Warning"
    }

    /// About what.
    package var regarding: ObjectReference
    /// Normal or Warning.
    package var severity: Severity
    /// Why, in one CamelCase word.
    package var reason: String
    /// For people; cut at 1024 bytes.
    package var message: String

    /// A note.
    package init(_ regarding: ObjectReference, _ severity: Severity, reason: String, message: String) {
        self.regarding = regarding
        self.severity = severity
        self.reason = reason
        self.message = message
    }
}

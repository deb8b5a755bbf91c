package import ObjectModel

/// A Namespace.
package struct NamespaceView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.namespaces

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// What must be cleaned before it goes.
    package let specFinalizers: [String]
    /// `Active` or `Terminating`.
    package let phase: String
    /// The conditions.
    package let conditions: [ConditionView]

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        specFinalizers = object.child("spec").texts("finalizers")
        phase = object.child("status")["phase"]?.string ?? "Active"
        conditions = object.child("status").items("conditions").map { ConditionView($0) }
    }

    /// Whether its contents are being deleted.
    package var isTerminating: Bool { phase == "Terminating" || metadata.isBeingDeleted }
}

/// A ConfigMap.
package struct ConfigMapView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.configMaps

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// Texts by key.
    package let data: [String: String]
    /// Base64 of bytes by key.
    package let binaryData: [String: String]
    /// Whether it never changes.
    package let isImmutable: Bool

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        data = object.map("data")
        binaryData = object.map("binaryData")
        isImmutable = object.flag("immutable")
    }
}

/// A Secret.
package struct SecretView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.secrets

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// Its type, such as `Opaque`.
    package let type: String
    /// Base64 of bytes by key.
    package let data: [String: String]
    /// Whether it never changes.
    package let isImmutable: Bool

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        type = object["type"]?.string ?? "Opaque"
        data = object.map("data")
        isImmutable = object.flag("immutable")
    }
}

/// A ServiceAccount.
package struct ServiceAccountView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.serviceAccounts

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// Names of Secrets with registry credentials.
    package let imagePullSecrets: [String]
    /// Whether pods get its token; nil means yes.
    package let automountServiceAccountToken: Bool?

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        imagePullSecrets = object.items("imagePullSecrets").map { $0.text("name") }
        automountServiceAccountToken = object["automountServiceAccountToken"]?.bool
    }
}

/// An Event.
package struct EventView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.events

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// What it is about.
    package let involvedObject: ObjectReferenceView
    /// Why, in one word.
    package let reason: String
    /// What happened, for people.
    package let message: String
    /// `Normal` or `Warning`.
    package let type: String
    /// How often it happened.
    package let count: Int
    /// When it last happened.
    package let lastTimestamp: Timestamp?

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        involvedObject = ObjectReferenceView(object.child("involvedObject"))
        reason = object.text("reason")
        message = object.text("message")
        type = object.text("type")
        count = object.child("series").number("count") ?? object.number("count") ?? 1
        lastTimestamp =
            object.child("series").time("lastObservedTime") ?? object.time("lastTimestamp") ?? object.time("eventTime")
    }
}

package import APIProtocol
package import ObjectModel

/// One thing to do. There is no "update the whole object": writers send what they mean to change.
package enum Action: Sendable {
    /// Creates an object. When the name is taken: a failure, or with `acceptsExisting` as good as done.
    case create(APIResource, Value, acceptsExisting: Bool = false)
    /// Patches an object or its subresource.
    case patch(Patch)
    /// Deletes an object; one that is gone, or is another by now, is as good as deleted.
    case delete(Deletion)
    /// Posts to a subresource, such as a binding.
    case post(APIResource, NamespacedName, subresource: String, Value)
    /// Tells people.
    case event(EventNote)
    /// Something that caches and writes do not cover; what it returns is done next.
    case effect(Effect)

    /// A patch of one object.
    package struct Patch: Sendable, Equatable {
        /// The resource.
        package var resource: APIResource
        /// The object.
        package var key: NamespacedName
        /// How `body` is meant.
        package var type: PatchType
        /// The patch.
        package var body: Value
        /// The subresource; nil is the object.
        package var subresource: String?
        /// Whether an object that is gone is as good as patched.
        package var acceptsMissing: Bool
        /// Patched only while this object lives; nil: in any case.
        package var whileLive: Presence?

        /// A merge patch of the object with this uid and, where order matters, this version.
        package init(
            _ resource: APIResource, _ key: NamespacedName, uid: String, revision: Revision? = nil, _ body: Value,
            subresource: String? = nil, acceptsMissing: Bool = false, whileLive: Presence? = nil
        ) {
            var body = body
            if !uid.isEmpty { body["metadata", "uid"] = .string(uid) }
            if let revision { body["metadata", "resourceVersion"] = .string(revision.description) }
            self.resource = resource
            self.key = key
            type = .merge
            self.body = body
            self.subresource = subresource
            self.acceptsMissing = acceptsMissing
            self.whileLive = whileLive
        }
    }

    /// An object that must exist and not be on its way out. It is looked up in the API, since a cache may be behind.
    package struct Presence: Sendable, Hashable {
        /// The resource.
        package var resource: APIResource
        /// The object.
        package var key: NamespacedName
        /// Its uid.
        package var uid: String

        /// An object with this uid.
        package init(_ resource: APIResource, _ key: NamespacedName, uid: String) {
            self.resource = resource
            self.key = key
            self.uid = uid
        }
    }

    /// A deletion of one object.
    package struct Deletion: Sendable, Equatable {
        /// The resource.
        package var resource: APIResource
        /// The object.
        package var key: NamespacedName
        /// Its uid: no other object of that name is deleted.
        package var uid: String
        /// Seconds of grace; nil leaves it to the object.
        package var gracePeriodSeconds: Int?
        /// Background, Foreground or Orphan; nil leaves it to the kind.
        package var propagationPolicy: String?
        /// Delete only this version.
        package var revision: Revision?

        /// A deletion.
        package init(
            _ resource: APIResource, _ key: NamespacedName, uid: String, gracePeriodSeconds: Int? = nil,
            propagationPolicy: String? = nil, revision: Revision? = nil
        ) {
            self.resource = resource
            self.key = key
            self.uid = uid
            self.gracePeriodSeconds = gracePeriodSeconds
            self.propagationPolicy = propagationPolicy
            self.revision = revision
        }
    }

    /// Something beyond a write: work outside the API, or a look at the API itself where a cache is not enough.
    package struct Effect: Sendable {
        /// What it is, for explanations.
        package var name: String
        /// Does it; idempotent, since it may be repeated. Reads through the client; returns what to write next.
        package var run: @Sendable (APIClient) async throws -> [Action]

        /// An effect.
        package init(_ name: String, run: @escaping @Sendable (APIClient) async throws -> [Action]) {
            self.name = name
            self.run = run
        }
    }

    /// The patch that makes an object's status equal `new`, given what it was at `revision`; nil when nothing differs.
    package static func updateStatus(
        _ resource: APIResource, _ key: NamespacedName, uid: String, revision: Revision, from old: Value, to new: Value
    ) -> Action? {
        guard let change = MergePatch.difference(from: old, to: new) else { return nil }
        return .patch(
            Patch(resource, key, uid: uid, revision: revision, ["status": change], subresource: "status"))
    }
}

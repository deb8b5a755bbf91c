package import APIProtocol
package import ObjectModel
package import Schema

/// What a write is about to do, as admission sees it. Objects are in their kind's own version, with defaults.
package struct AdmissionRequest: Sendable {
    /// What is done.
    package enum Operation: String, Sendable, Hashable {
        case create = "CREATE"
        case update = "UPDATE"
        case delete = "DELETE"
    }

    /// What is done.
    package let operation: Operation
    /// The kind of the object.
    package let kind: KindDefinition
    /// The subresource written; empty for the object itself.
    package let subresource: String
    /// The namespace; empty for objects of the cluster.
    package let namespace: String
    /// The name; empty when it will be generated.
    package let name: String
    /// The object to be written; null for a deletion.
    package var object: Value
    /// The stored object; nil for a creation.
    package let old: Value?
    /// Who asks.
    package let user: UserInfo
    /// Whether nothing will be stored.
    package let dryRun: Bool
    /// The time of the request.
    package let now: Timestamp
    /// Advice for the client, sent as `Warning` headers.
    package var warnings: [String] = []

    /// A write.
    package init(
        operation: Operation, kind: KindDefinition, subresource: String = "", namespace: String, name: String,
        object: Value, old: Value? = nil, user: UserInfo, dryRun: Bool = false, now: Timestamp
    ) {
        self.operation = operation
        self.kind = kind
        self.subresource = subresource
        self.namespace = namespace
        self.name = name
        self.object = object
        self.old = old
        self.user = user
        self.dryRun = dryRun
        self.now = now
    }
}

/// A rule about writes that looks beyond the object itself, or fills in what the cluster knows.
///
/// Plugins run in the order they were given: first every `mutate`, then validation by the kind, then every `validate`.
/// Both may run several times for one request (a conflict is tried again). A throw ends the request with that Status.
package protocol AdmissionPlugin: Sendable {
    /// Its name, for messages.
    var name: String { get }
    /// Changes `request.object`.
    func mutate(_ request: inout AdmissionRequest) async throws(APIStatus)
    /// Judges the final object.
    func validate(_ request: AdmissionRequest) async throws(APIStatus)
    /// Told once after each passed `validate` whether the write was stored, so that reservations can be kept or let go.
    func finished(_ request: AdmissionRequest, committed: Bool) async
}

extension AdmissionPlugin {
    /// Changes nothing.
    package func mutate(_ request: inout AdmissionRequest) async throws(APIStatus) {}
    /// Lets everything pass.
    package func validate(_ request: AdmissionRequest) async throws(APIStatus) {}
    /// Has reserved nothing.
    package func finished(_ request: AdmissionRequest, committed: Bool) async {}
}

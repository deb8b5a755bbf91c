internal import APIProtocol
internal import ObjectModel
internal import ObjectStorage
internal import Schema

/// What is the same for all that one writing request does.
struct WriteContext: Sendable {
    /// The kind written.
    let kind: KindDefinition
    /// Who asks.
    let user: UserInfo
    /// Whether nothing is stored.
    var dryRun: Bool
    /// The time of the request.
    let now: Timestamp
    /// Advice for the client.
    let warnings: WarningLog

    /// Where an object is stored.
    func key(namespace: String, name: String) -> StoreKey {
        StoreKey(kind.resource, namespace: kind.isNamespaced ? namespace : "", name: name)
    }

    /// Reads `?dryRun=`; 422 for anything but All.
    static func dryRun(_ values: [String], options: String) throws(APIStatus) -> Bool {
        let values = values.filter { !$0.isEmpty }
        let wrong = values.filter { $0 != "All" }
        guard wrong.isEmpty else {
            let kind = GroupVersionKind(group: "meta.k8s.io", version: "v1", kind: options)
            let list = Value.array(values.map(Value.string))
            throw .invalid(kind, name: "", [.notSupported("dryRun", list, supported: ["All"])])
        }
        return !values.isEmpty
    }
}

/// How one try to write ended.
enum WriteAttempt: Sendable {
    case done(WriteOutcome)
    /// Another write came between and left this.
    case lost(to: StoredObject)
}

/// What a write left behind.
struct WriteOutcome: Sendable {
    /// The object after the write (or, for a deletion, as it was when it went).
    let value: Value
    /// The object as stored; nil for a dry run.
    let stored: StoredObject?
    /// Whether it came into being by this write.
    var created = false
    /// Whether it is gone.
    var removed = false
}

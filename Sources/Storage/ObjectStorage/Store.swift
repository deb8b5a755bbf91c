package import ObjectModel

/// The key of an object: `/GROUP/RESOURCE/NAMESPACE/NAME`, with `core` for the core group and an empty namespace for
/// objects of the cluster. Keys order by their bytes.
package struct StoreKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The whole key.
    package let path: String

    /// A key from its text.
    package init(path: String) { self.path = path }

    /// The key of an object.
    package init(_ resource: GroupResource, namespace: String, name: String) {
        path = "\(KeyRange.prefix(resource))\(namespace)/\(name)"
    }

    package static func < (left: StoreKey, right: StoreKey) -> Bool { left.path < right.path }
    package var description: String { path }
}

/// All keys with a prefix, or one key.
package struct KeyRange: Sendable, Hashable {
    /// The prefix, or the key; empty for every key.
    package let prefix: String
    /// Whether it is one key.
    package let isKey: Bool

    /// All keys that begin with `prefix`: nothing, a resource or a namespace of one.
    init(prefix: String) {
        self.prefix = prefix
        isKey = false
    }

    /// One key.
    package init(_ key: StoreKey) {
        prefix = key.path
        isKey = true
    }

    /// All objects of a resource, or of a resource in one namespace.
    package init(_ resource: GroupResource, namespace: String? = nil) {
        self.init(prefix: Self.prefix(resource) + (namespace.map { "\($0)/" } ?? ""))
    }

    /// Every object.
    package static let everything = KeyRange(prefix: "")

    static func prefix(_ resource: GroupResource) -> String {
        "/\(resource.group.isEmpty ? "core" : resource.group)/\(resource.resource)/"
    }

    /// Every range that a key lies in.
    static func all(around key: StoreKey) -> [KeyRange] {
        let prefixes = [prefix(of: key.path, slashes: 3), prefix(of: key.path, slashes: 4)].compactMap { $0 }
        return [everything] + prefixes.map { KeyRange(prefix: $0) } + [KeyRange(key)]
    }

    /// The part of a path up to one of its slashes: up to the third it names the resource, up to the fourth the namespace.
    /// Nil when there are fewer.
    static func prefix(of path: String, slashes: Int) -> String? {
        var seen = 0
        for (position, byte) in zip(path.utf8.indices, path.utf8) where byte == UInt8(ascii: "/") {
            seen += 1
            if seen == slashes { return String(path[...position]) }
        }
        return nil
    }

    /// Whether a key is among them.
    package func contains(_ key: StoreKey) -> Bool { isKey ? key.path == prefix : key.path.hasPrefix(prefix) }
}

/// A stored object with the revision of its last change.
package struct StoredObject: Sendable, Hashable {
    /// Where it is.
    package let key: StoreKey
    /// Its bytes.
    package let object: EncodedObject
    /// The revision of its last change: its resourceVersion.
    package let revision: Revision

    /// An object as stored.
    package init(key: StoreKey, object: EncodedObject, revision: Revision) {
        self.key = key
        self.object = object
        self.revision = revision
    }

    /// The JSON a client sees.
    package var json: [UInt8] { object.json(at: revision) }
    /// The tree a client sees.
    package var value: Value { object.value(at: revision) }
}

/// Which state of the store a read wants.
package enum ReadRevision: Sendable, Hashable {
    /// The newest acknowledged state.
    case latest
    /// Any state at or after a revision; a revision not reached yet is `futureRevision`.
    case notOlderThan(Revision)
    /// Exactly a past state; `compacted` when it is no longer known.
    case exactly(Revision)
}

/// One page of a range.
package struct ObjectPage: Sendable {
    /// The objects, in key order.
    package let objects: [StoredObject]
    /// The revision of the state they were read from.
    package let revision: Revision
    /// How many objects of the range follow the page.
    package let remaining: Int

    /// A page.
    package init(objects: [StoredObject], revision: Revision, remaining: Int) {
        self.objects = objects
        self.revision = revision
        self.remaining = remaining
    }
}

/// A compare-and-set on one key.
package struct StoreWrite: Sendable {
    /// What must hold for the write to happen.
    package enum Precondition: Sendable, Hashable {
        /// There is no object.
        case absent
        /// The object was last changed at this revision.
        case revision(Revision)
    }
    /// What is written.
    package enum Change: Sendable {
        /// The new object.
        case put(EncodedObject)
        /// Nothing: the object goes. Watchers get `final`, the object as it was when it went.
        case delete(final: EncodedObject)
    }

    /// Where.
    package let key: StoreKey
    /// What must hold.
    package let precondition: Precondition
    /// What is written.
    package let change: Change

    /// A write.
    package init(key: StoreKey, precondition: Precondition, change: Change) {
        self.key = key
        self.precondition = precondition
        self.change = change
    }
}

/// One change of the store. Shared by all watchers; `memo` keeps what was encoded of it.
package final class StoreEvent: Sendable {
    /// What happened.
    package enum Kind: Sendable, Hashable { case created, updated, deleted }

    /// What happened.
    package let kind: Kind
    /// The object after the change; after a deletion its final state, with the deletion's revision.
    package let current: StoredObject
    /// The object before the change; nil for a creation. Decides selector transitions.
    package let previous: StoredObject?
    /// Short encodings of this event by representation, while it is among the newest.
    package let memo = EventMemo()

    /// A change.
    package init(kind: Kind, current: StoredObject, previous: StoredObject?) {
        self.kind = kind
        self.current = current
        self.previous = previous
    }

    /// The revision of the change.
    package var revision: Revision { current.revision }
}

/// A condition on one field by which objects and watchers are found: an object meets it when the text at `path` is `value`.
/// With many watchers of one kind, each of another value, a change then wakes the few that it concerns, and each of them
/// lists what concerns it without a look at the rest.
package struct FieldCondition: Sendable, Hashable {
    /// The field's path.
    package let path: [String]
    /// Its text.
    package let value: String

    /// A condition.
    package init(path: [String], value: String) {
        self.path = path
        self.value = value
    }
}

/// Why a store did not do what it was asked.
package enum StoreError: Error, Sendable, Hashable {
    /// The precondition does not hold; `current` is what is there (nil: nothing).
    case conflict(current: StoredObject?)
    /// The revision is older than what is kept; `oldest` is the first that is.
    case compacted(oldest: Revision)
    /// The revision lies ahead of the store.
    case futureRevision(current: Revision)
    /// A watcher did not keep up and lost its place.
    case watcherFellBehind
    /// The store cannot be reached or written.
    case unavailable(String)
    /// The caller gave up.
    case cancelled
}

/// Where objects are kept: compare-and-set on one key, one revision for all, and the events after a revision.
///
/// Guarantees, on which every layer above relies and which `StoreConformance` in TestSupport checks:
/// - A returned `commit` is durable: it survives kill -9 and power loss (memory stores aside).
/// - Revisions grow by one per commit, store-wide. A failed precondition consumes none.
/// - A read after a returned `commit` sees it. A page is one consistent state.
/// - Events come in revision order, each once, none missing, from the revision asked for.
/// - A watcher's buffer is bounded: one that falls behind gets `watcherFellBehind`, never an unbounded buffer.
package protocol Store: Sendable {
    /// The object at `key`, newest state; nil when there is none.
    func object(at key: StoreKey) async throws(StoreError) -> StoredObject?

    /// A page of the objects in `range` in key order, behind `after`, at most `limit` (nil: all).
    func objects(
        in range: KeyRange, at revision: ReadRevision, after: StoreKey?, limit: Int?
    ) async throws(StoreError) -> ObjectPage

    /// The objects in `range` that meet a condition, in key order and in one page, from a state at or after `revision`;
    /// others may be among them. Errors: `futureRevision`.
    func objects(
        in range: KeyRange, meeting condition: FieldCondition, notOlderThan revision: Revision
    ) async throws(StoreError) -> ObjectPage

    /// Writes, and returns the revision of the change once it is durable.
    func commit(_ write: StoreWrite) async throws(StoreError) -> Revision

    /// The changes in `range` after `revision`, until the subscription is cancelled. With a `trigger` those that do not
    /// meet it may be left out. Errors: `compacted`, `futureRevision`.
    func events(
        in range: KeyRange, after revision: Revision, trigger: FieldCondition?
    ) async throws(StoreError) -> EventSubscription

    /// The newest acknowledged revision.
    func currentRevision() async throws(StoreError) -> Revision

    /// Forgets old versions: states before `revision` can no longer be read or watched from.
    func compact(through revision: Revision) async throws(StoreError)
}

extension Store {
    /// Every object in `range`: for stores that have no better way.
    package func objects(
        in range: KeyRange, meeting condition: FieldCondition, notOlderThan revision: Revision
    ) async throws(StoreError) -> ObjectPage {
        try await objects(in: range, at: .notOlderThan(revision), after: nil, limit: nil)
    }

    /// All changes in `range` after `revision`.
    package func events(in range: KeyRange, after revision: Revision) async throws(StoreError) -> EventSubscription {
        try await events(in: range, after: revision, trigger: nil)
    }
}

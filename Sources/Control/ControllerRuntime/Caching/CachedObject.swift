package import ObjectModel

/// An object as a cache holds it: its identity and its view. Never changed, and one for all readers: views are large, and
/// lists of them are copied often.
package final class CachedObject<View: ObjectView>: Sendable {
    /// The namespace and name.
    package let key: NamespacedName
    /// The uid.
    package let uid: String
    /// The revision of this version.
    package let revision: Revision
    /// Whether it has a deletionTimestamp.
    package let isBeingDeleted: Bool
    /// The view.
    package let view: View

    /// Reads an object.
    package init(_ object: Value) {
        key = object.namespacedName
        uid = object.uid
        revision = object.revision ?? .zero
        isBeingDeleted = object.isBeingDeleted
        view = View(object)
    }
}

/// One change of a cache.
package enum CacheChange<View: ObjectView>: Sendable {
    case added(CachedObject<View>)
    case modified(old: CachedObject<View>, new: CachedObject<View>)
    case deleted(CachedObject<View>)

    /// The former version.
    package var old: CachedObject<View>? {
        switch self {
        case .added: nil
        case .modified(let old, _), .deleted(let old): old
        }
    }
    /// The new version; nil when it is gone.
    package var new: CachedObject<View>? {
        switch self {
        case .added(let new), .modified(_, let new): new
        case .deleted: nil
        }
    }
    /// The newest version known.
    package var latest: CachedObject<View> {
        switch self {
        case .added(let new), .modified(_, let new): new
        case .deleted(let old): old
        }
    }
}

/// Names an index of a cache.
package struct IndexName: Hashable, Sendable, ExpressibleByStringLiteral {
    /// The name.
    package let text: String
    /// The index `value`.
    package init(stringLiteral value: String) { text = value }
}

/// An index of a cache: under which keys an object is found.
package struct CacheIndex<View: ObjectView>: Sendable {
    /// Its name.
    package let name: IndexName
    /// The keys of an object; none leaves it out.
    package let keys: @Sendable (CachedObject<View>) -> [String]

    /// An index.
    package init(_ name: IndexName, _ keys: @escaping @Sendable (CachedObject<View>) -> [String]) {
        self.name = name
        self.keys = keys
    }

    /// Finds objects by their namespace. Its name is `namespace`.
    package static var namespace: CacheIndex { CacheIndex("namespace") { [$0.key.namespace] } }
}

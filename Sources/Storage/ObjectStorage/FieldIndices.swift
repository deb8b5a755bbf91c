internal import ObjectModel

/// A field of the objects of one resource.
struct IndexedField: Hashable, Sendable {
    /// The resource's prefix of keys.
    let resource: String
    /// The field's path.
    let path: [String]

    /// The field that a condition on a range is about; nil when the range is of no one resource.
    init?(_ condition: FieldCondition, in range: KeyRange) {
        guard let resource = KeyRange.prefix(of: range.prefix, slashes: 3) else { return nil }
        self.resource = resource
        path = condition.path
    }
}

/// The keys of a resource's live objects by the text of one field.
struct FieldIndex: Sendable {
    private(set) var keys: [String: Set<StoreKey>] = [:]
    /// Counts the questions of all indices; of the last one that this index answered.
    fileprivate(set) var lastUse = 0

    /// An index of these objects. Looks at all of them: not to be made under a lock.
    init(_ objects: [StoredObject], path: [String]) {
        for object in objects {
            if let text = object.object.text(at: path) { keys[text, default: []].insert(object.key) }
        }
    }

    /// Takes over a change.
    mutating func apply(_ event: StoreEvent, path: [String]) {
        let before = event.previous?.object.text(at: path)
        let after = event.kind == .deleted ? nil : event.current.object.text(at: path)
        if before == after { return }
        if let before {
            keys[before]?.remove(event.current.key)
            if keys[before]?.isEmpty == true { keys[before] = nil }
        }
        if let after { keys[after, default: []].insert(event.current.key) }
    }
}

/// The indices of a store: made when somebody first asks, kept up to date from then on. At most 64: the one that was
/// asked least recently makes room.
struct FieldIndices: Sendable {
    static let maximumCount = 64

    private var indices: [IndexedField: FieldIndex] = [:]
    private var paths: [String: [[String]]] = [:]
    private var uses = 0

    /// How many there are.
    var count: Int { indices.count }

    /// The keys whose field has a text; nil when there is no such index.
    mutating func keys(of field: IndexedField, _ text: String) -> Set<StoreKey>? {
        guard indices[field] != nil else { return nil }
        uses += 1
        indices[field]?.lastUse = uses
        return indices[field]?.keys[text] ?? []
    }

    /// Takes an index that is up to date, unless there is one already.
    mutating func add(_ index: FieldIndex, of field: IndexedField) {
        if indices[field] != nil { return }
        if indices.count >= Self.maximumCount, let oldest = indices.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            remove(oldest.key)
        }
        uses += 1
        indices[field] = index
        indices[field]?.lastUse = uses
        paths[field.resource, default: []].append(field.path)
    }

    private mutating func remove(_ field: IndexedField) {
        indices[field] = nil
        paths[field.resource]?.removeAll { $0 == field.path }
        if paths[field.resource]?.isEmpty == true { paths[field.resource] = nil }
    }

    /// Takes over a change.
    mutating func apply(_ event: StoreEvent) {
        guard !indices.isEmpty, let resource = KeyRange.prefix(of: event.current.key.path, slashes: 3),
            let known = paths[resource]
        else { return }
        for path in known {
            let field = IndexedField(resource: resource, path: path)
            indices[field]?.apply(event, path: path)
        }
    }
}

extension IndexedField {
    fileprivate init(resource: String, path: [String]) { (self.resource, self.path) = (resource, path) }
}

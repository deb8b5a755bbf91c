internal import ObjectModel

/// Finds live objects of a resource by the text of one field. An index is made when somebody first asks for it and kept up to
/// date from then on.
///
/// Limits: a resource with fewer than 256 objects needs none, and there are at most 64; other questions are answered by
/// looking at every object.
struct FieldIndices: Sendable {
    private static let worthwhile = 256
    private static let maximumCount = 64

    private typealias Table = [String: Set<StoreKey>]

    /// By resource, then by the field's path.
    private var tables: [String: [[String]: Table]] = [:]

    /// The keys of the objects in `range` that meet a condition, in order; nil when there is no index to tell.
    func keys(in range: KeyRange, meeting condition: FieldCondition) -> [StoreKey]? {
        guard let resource = KeyRange.prefix(of: range.prefix, slashes: 3),
            let table = tables[resource]?[condition.path]
        else { return nil }
        return table[condition.value, default: []].filter(range.contains).sorted()
    }

    /// Makes the index that a question needs, when it is worth it and not there.
    mutating func prepare(for condition: FieldCondition, in range: KeyRange, _ live: KeyedObjects) {
        guard let resource = KeyRange.prefix(of: range.prefix, slashes: 3), tables[resource]?[condition.path] == nil,
            tables.values.reduce(0, { $0 + $1.count }) < Self.maximumCount
        else { return }
        let (start, end) = live.bounds(of: KeyRange(prefix: resource), after: nil)
        let count = live.count(from: start, to: end)
        guard count >= Self.worthwhile else { return }
        var table = Table()
        for object in live.slice(from: start, limit: count).objects {
            if let text = object.object.text(at: condition.path) { table[text, default: []].insert(object.key) }
        }
        tables[resource, default: [:]][condition.path] = table
    }

    /// Takes over a change.
    mutating func apply(_ event: StoreEvent) {
        guard !tables.isEmpty, let resource = KeyRange.prefix(of: event.current.key.path, slashes: 3),
            let known = tables[resource]
        else { return }
        for path in known.keys {
            let before = event.previous?.object.text(at: path)
            let after = event.kind == .deleted ? nil : event.current.object.text(at: path)
            if before == after { continue }
            if let before { Self.remove(event.current.key, under: before, from: &tables[resource, default: [:]][path]) }
            if let after { tables[resource]?[path]?[after, default: []].insert(event.current.key) }
        }
    }

    private static func remove(_ key: StoreKey, under text: String, from table: inout Table?) {
        table?[text]?.remove(key)
        if table?[text]?.isEmpty == true { table?[text] = nil }
    }
}

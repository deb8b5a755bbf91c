internal import ObjectModel

/// How objects are found by a condition. Looked at outside of the lock around the state it was taken from.
package enum Finding: Sendable {
    /// By an index.
    case indexed(IndexedRead)
    /// Among all objects of the range.
    case whole(PageRead)
    /// By an index that is to be made first.
    case unprepared(IndexMaking)
}

/// A read by the keys that an index has.
package struct IndexedRead: Sendable {
    let keys: Set<StoreKey>
    let live: KeyedObjects
    let range: KeyRange
    let revision: Revision

    /// The objects in key order.
    package func page() -> ObjectPage {
        let objects = keys.filter(range.contains).sorted().compactMap { live[$0] }
        return ObjectPage(objects: objects, revision: revision, remaining: 0)
    }
}

/// What an index is made from.
package struct IndexMaking: Sendable {
    let field: IndexedField
    let slice: KeyedObjects.Slice
    let revision: Revision

    /// The index as of `revision`.
    func index() -> FieldIndex { FieldIndex(slice.objects, path: field.path) }

    /// All objects of a range of the resource.
    func page(in range: KeyRange) -> ObjectPage {
        ObjectPage(
            objects: slice.objects.filter { range.contains($0.key) }, revision: revision, remaining: 0)
    }
}

extension StoreState {
    /// A range with fewer objects is looked at as a whole.
    static let worthAnIndex = 256

    /// How to find the objects in `range` that meet a condition, and perhaps others, in the newest state. What is done here
    /// does not grow with the number of objects.
    package mutating func find(_ condition: FieldCondition, in range: KeyRange) -> Finding {
        let (start, end) = live.bounds(of: range, after: nil)
        let total = live.count(from: start, to: end)
        let whole = PageRead(
            slice: live.slice(from: start, limit: total), total: total, range: range, revision: revision)
        guard total >= Self.worthAnIndex, let field = IndexedField(condition, in: range) else { return .whole(whole) }
        guard let keys = indices.keys(of: field, condition.value) else {
            let (first, last) = live.bounds(of: KeyRange(prefix: field.resource), after: nil)
            let slice = live.slice(from: first, limit: live.count(from: first, to: last))
            return .unprepared(IndexMaking(field: field, slice: slice, revision: revision))
        }
        // What is common is found sooner by a look at all, and its keys are too many to be copied by the next change.
        guard keys.count * 4 < total else { return .whole(whole) }
        return .indexed(IndexedRead(keys: keys, live: live, range: range, revision: revision))
    }

    /// Takes an index that was made of an earlier state and brings it up to date; one whose state is too old is no use.
    mutating func adopt(_ index: FieldIndex, _ making: IndexMaking) {
        guard let changes = changes(after: making.revision) else { return }
        var index = index
        for event in changes where event.current.key.path.hasPrefix(making.field.resource) {
            index.apply(event, path: making.field.path)
        }
        indices.add(index, of: making.field)
    }
}

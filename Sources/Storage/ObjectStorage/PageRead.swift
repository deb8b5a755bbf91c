internal import ObjectModel

/// A consistent read of a range, before its objects are laid out.
package struct PageRead: Sendable {
    let slice: KeyedObjects.Slice
    let total: Int
    /// The events after the revision read, to be undone.
    var undone: [StoreEvent] = []
    let range: KeyRange
    var after: StoreKey?
    var limit: Int?
    let revision: Revision

    /// The page.
    package func page() -> ObjectPage {
        let later = undone.filter { event in
            range.contains(event.current.key) && (after.map { event.current.key > $0 } ?? true)
        }
        guard !later.isEmpty else {
            let objects = limit.map { Array(slice.objects.prefix($0)) } ?? slice.objects
            return ObjectPage(objects: objects, revision: revision, remaining: total - objects.count)
        }
        var before: [StoreKey: StoredObject?] = [:]
        var present = total
        for event in later.reversed() {
            let key = event.current.key
            if before[key] == nil, event.kind != .deleted { present -= 1 }
            before.updateValue(event.previous, forKey: key)
        }
        let restored = before.values.compactMap { $0 }
        present += restored.count
        var objects = slice.objects.filter { before[$0.key] == nil } + restored
        // The slice is longer than the page by as many as can fall out, so what was restored sorts into place.
        objects.sort { $0.key < $1.key }
        let page = limit.map { Array(objects.prefix($0)) } ?? objects
        return ObjectPage(objects: page, revision: revision, remaining: present - page.count)
    }
}

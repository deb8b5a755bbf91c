package import ObjectModel

extension StoreWrite {
    /// Decides this write: the change it makes to `current` at `revision`, or the conflict.
    package func event(replacing current: StoredObject?, at revision: Revision) throws(StoreError) -> StoreEvent {
        switch precondition {
        case .absent: if current != nil { throw .conflict(current: current) }
        case .revision(let expected): if current?.revision != expected { throw .conflict(current: current) }
        }
        switch change {
        case .put(let object):
            return StoreEvent(
                kind: current == nil ? .created : .updated,
                current: StoredObject(key: key, object: object, revision: revision), previous: current)
        case .delete(let final):
            guard let current else { throw .conflict(current: nil) }
            return StoreEvent(
                kind: .deleted, current: StoredObject(key: key, object: final, revision: revision), previous: current)
        }
    }

    /// The length of the bytes written.
    package var byteCount: Int {
        switch change {
        case .put(let object), .delete(let object): object.bytes.count
        }
    }
}

/// Writes decided one after the other and made durable together: each sees those before it.
package struct CommitBatch: Sendable {
    /// The changes, in revision order.
    package private(set) var events: [StoreEvent] = []
    private var changed: [StoreKey: StoredObject?] = [:]
    private var revision: Revision

    /// A batch behind `revision`.
    package init(after revision: Revision) { self.revision = revision }

    /// Decides a write. `stored` is the object at its key before the batch. A conflict leaves the batch as it was.
    package mutating func add(_ write: StoreWrite, stored: StoredObject?) throws(StoreError) -> Revision {
        let current = changed[write.key] ?? stored
        let event = try write.event(replacing: current, at: revision.next)
        revision = event.revision
        events.append(event)
        changed.updateValue(event.kind == .deleted ? nil : event.current, forKey: write.key)
        return revision
    }
}

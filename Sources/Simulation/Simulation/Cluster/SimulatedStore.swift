internal import ObjectModel
internal import ObjectStorage

/// The durable store of a simulation: it survives every crash. Each change is shown to an observer.
final class SimulatedStore: Sendable {
    let watched = WatchedState(StoreState())
    private let observe: @Sendable (StoreEvent) -> Void

    /// An empty store.
    init(observe: @escaping @Sendable (StoreEvent) -> Void) { self.observe = observe }

    func commit(_ write: StoreWrite) throws(StoreError) -> Revision {
        var committed: StoreEvent?
        try watched.publish { (state) throws(StoreError) in
            let event = try state.commit(write)
            committed = event
            return [event]
        }
        guard let committed else { throw .unavailable("nothing was committed") }
        observe(committed)
        return committed.revision
    }

    /// Forgets history up to `revisions` before the newest.
    func compact(keeping revisions: Int64) {
        watched.publish { state in
            state.compact(through: Revision(max(0, state.revision.value - revisions)))
            return []
        }
    }
}

/// The store as one run of the server sees it: after a crash nothing that run still does has an effect.
struct StoreHandle: Store {
    let store: SimulatedStore
    let link: Link
    /// Whether the store refuses the next write.
    let refuses: @Sendable () -> Bool

    private func check() throws(StoreError) {
        guard link.isAlive else { throw .unavailable("the server has crashed") }
    }

    func object(at key: StoreKey) async throws(StoreError) -> StoredObject? {
        try check()
        return store.watched.read { $0.object(at: key) }
    }

    func objects(
        in range: KeyRange, at revision: ReadRevision, after: StoreKey?, limit: Int?
    ) async throws(StoreError) -> ObjectPage {
        try check()
        return try store.watched.objects(in: range, at: revision, after: after, limit: limit)
    }

    func objects(
        in range: KeyRange, meeting condition: FieldCondition, notOlderThan revision: Revision
    ) async throws(StoreError) -> ObjectPage {
        try check()
        return try store.watched.objects(in: range, meeting: condition, notOlderThan: revision)
    }

    func commit(_ write: StoreWrite) async throws(StoreError) -> Revision {
        try check()
        if refuses() { throw .unavailable("drawn: the disk is full") }
        return try store.commit(write)
    }

    func events(
        in range: KeyRange, after revision: Revision, trigger: FieldCondition?
    ) async throws(StoreError) -> EventSubscription {
        try check()
        return try store.watched.subscribe(to: range, after: revision, trigger: trigger)
    }

    func currentRevision() async throws(StoreError) -> Revision {
        try check()
        return store.watched.read { $0.revision }
    }

    func compact(through revision: Revision) async throws(StoreError) {
        try check()
        store.watched.publish { state in
            state.compact(through: revision)
            return []
        }
    }
}

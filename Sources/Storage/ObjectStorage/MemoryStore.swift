package import ObjectModel
internal import Synchronization

/// A store that lives and dies with the process: for tests and simulations of adapters.
package final class MemoryStore: Store {
    private let watched: WatchedState
    private let policy: Mutex<CompactionPolicy>
    private let clock: @Sendable () -> ContinuousClock.Instant

    /// A store that begins with `state` and forgets history by `policy`.
    package init(
        _ state: StoreState = StoreState(), policy: CompactionPolicy = CompactionPolicy(),
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        watched = WatchedState(state)
        self.policy = Mutex(policy)
        self.clock = clock
    }

    package func object(at key: StoreKey) async throws(StoreError) -> StoredObject? {
        watched.read { $0.object(at: key) }
    }

    package func objects(
        in range: KeyRange, at revision: ReadRevision, after: StoreKey?, limit: Int?
    ) async throws(StoreError) -> ObjectPage {
        try watched.objects(in: range, at: revision, after: after, limit: limit)
    }

    package func objects(
        in range: KeyRange, meeting condition: FieldCondition, notOlderThan revision: Revision
    ) async throws(StoreError) -> ObjectPage {
        try watched.objects(in: range, meeting: condition, notOlderThan: revision)
    }

    package func commit(_ write: StoreWrite) async throws(StoreError) -> Revision {
        let now = clock()
        var revision = Revision.zero
        try watched.publish { (state) throws(StoreError) in
            let event = try state.commit(write)
            revision = event.revision
            let due = policy.withLock { policy in
                policy.record(event.revision, at: now)
                return policy.due(in: state, at: now)
            }
            if let due { state.compact(through: due) }
            return [event]
        }
        return revision
    }

    package func events(
        in range: KeyRange, after revision: Revision, trigger: FieldCondition?
    ) async throws(StoreError) -> EventSubscription {
        try watched.subscribe(to: range, after: revision, trigger: trigger)
    }

    package func currentRevision() async throws(StoreError) -> Revision { watched.read { $0.revision } }

    package func compact(through revision: Revision) async throws(StoreError) {
        watched.publish { state in
            state.compact(through: revision)
            return []
        }
    }
}

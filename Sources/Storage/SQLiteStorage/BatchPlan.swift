internal import ObjectModel
internal import ObjectStorage
internal import Synchronization

/// What a batch comes to: the changes to make durable together, and the answer for each write once they are.
struct BatchPlan: Sendable {
    private(set) var events: [StoreEvent] = []
    /// In the order of the batch.
    private(set) var outcomes: [Result<Revision, StoreError>] = []
    /// Through which revision old versions go with this batch.
    private(set) var compaction: Revision?
    /// The versions that go.
    private(set) var forgotten: [Revision] = []

    var changesAnything: Bool { !events.isEmpty || compaction != nil }

    /// Decides each write against memory and the earlier writes of the batch, and whether history is due to go.
    init(
        _ pending: [PendingWrite], on watched: WatchedState, policy: borrowing Mutex<CompactionPolicy>,
        now: ContinuousClock.Instant
    ) {
        // Only the writer changes the state, so what is read here stays true until it has written.
        let revision = watched.read { $0.revision }
        var batch = CommitBatch(after: revision)
        var bound = watched.read { state in policy.withLock { $0.due(in: state, at: now) } }
        for item in pending {
            switch item {
            case .commit(let write, _):
                do {
                    let stored = watched.read { $0.object(at: write.key) }
                    outcomes.append(.success(try batch.add(write, stored: stored)))
                } catch {
                    outcomes.append(.failure(error))
                }
            case .compact(let wanted, _):
                bound = max(bound ?? .zero, min(wanted, revision))
                outcomes.append(.success(wanted))
            }
        }
        events = batch.events
        if let bound, bound > watched.read({ $0.compacted }) {
            compaction = bound
            forgotten = watched.read { $0.versionsForgotten(through: bound) }
        }
    }
}

extension WatchedState {
    /// Carries out what is on disk now.
    func take(_ plan: BatchPlan) {
        publish { state in
            for event in plan.events { state.apply(event) }
            if let compaction = plan.compaction { state.compact(through: compaction) }
            return plan.events
        }
    }
}

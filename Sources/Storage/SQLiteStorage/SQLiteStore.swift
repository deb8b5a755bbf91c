internal import GRDB
package import ObjectModel
package import ObjectStorage
internal import Synchronization

/// The embedded store: every live object in memory, every change in one SQLite file before it is acknowledged.
///
/// One writer (the database's own queue) takes all writes that wait, decides them in order, makes them durable in one
/// transaction with `synchronous=FULL`, and only then changes memory, publishes the events and answers. Memory is never
/// ahead of the disk. A failed transaction answers each of its writes with `unavailable`. At 10,000 waiting writes, or
/// 256 MiB, further ones are `unavailable` at once. Reads and watches touch memory only.
///
/// Old versions go five minutes after they were replaced, or earlier beyond 64 MiB, along with later writes; a store at
/// rest neither wakes nor writes. A caller that is cancelled while its write waits still gets the write's outcome.
package final class SQLiteStore: Store {
    private let file: VersionFile
    private let lock: Mutex<DataDirectoryLock?>
    private let watched: WatchedState
    private let pending = Mutex(WriteQueue())
    private let policy: Mutex<CompactionPolicy>
    private let clock: @Sendable () -> ContinuousClock.Instant

    /// Opens the store in the file at `path`, which is made when it is missing; its folder must exist.
    /// Beside it lie SQLite's `-wal` and `-shm` and the lock file `PATH.lock`.
    package static func open(
        path: String, policy: CompactionPolicy = CompactionPolicy(),
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) async throws(StoreOpenError) -> SQLiteStore {
        let lock = try DataDirectoryLock(path: path + ".lock")
        let file = try VersionFile(path: path)
        return SQLiteStore(file: file, lock: lock, state: try file.load(), policy: policy, clock: clock)
    }

    private init(
        file: VersionFile, lock: DataDirectoryLock, state: StoreState, policy: CompactionPolicy,
        clock: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        self.file = file
        self.lock = Mutex(lock)
        self.clock = clock
        var policy = policy
        // When older revisions were written is not known; they get a whole retention from now.
        policy.record(state.revision, at: clock())
        self.policy = Mutex(policy)
        watched = WatchedState(state)
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

    package func events(
        in range: KeyRange, after revision: Revision, trigger: FieldCondition?
    ) async throws(StoreError) -> EventSubscription {
        try watched.subscribe(to: range, after: revision, trigger: trigger)
    }

    package func currentRevision() async throws(StoreError) -> Revision { watched.read { $0.revision } }

    package func commit(_ write: StoreWrite) async throws(StoreError) -> Revision {
        try await enqueue { .commit(write, $0) }
    }

    package func compact(through revision: Revision) async throws(StoreError) {
        _ = try await enqueue { .compact(revision, $0) }
    }

    /// Writes what waits, ends all watches, brings everything into the main file and closes it. Later calls of `commit`
    /// are `unavailable`.
    package func close() async {
        pending.withLock { $0.close() }
        watched.endSubscriptions(.unavailable("the store is closed"))
        await withCheckedContinuation { (closed: CheckedContinuation<Void, Never>) in
            // Behind a running drain in the database's queue, so nothing accepted is lost.
            file.queue.asyncWriteWithoutTransaction { database in
                _ = try? Row.fetchAll(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
                closed.resume()
            }
        }
        // A connection that does not close is closed by the end of the process; every write is already durable.
        try? file.queue.close()
        lock.withLock { $0 = nil }
    }

    private func enqueue(
        _ make: (CheckedContinuation<Result<Revision, StoreError>, Never>) -> PendingWrite
    ) async throws(StoreError) -> Revision {
        if Task.isCancelled { throw .cancelled }
        let result = await withCheckedContinuation { waiter in
            let write = make(waiter)
            switch pending.withLock({ $0.add(write) }) {
            case .wait: break
            case .startDraining: file.queue.asyncWriteWithoutTransaction { [self] in drain($0) }
            case .refuse(let error): write.answer(.failure(error))
            }
        }
        return try result.get()
    }

    private func drain(_ database: Database) {
        while true {
            let batch = pending.withLock { $0.takeBatch() }
            guard !batch.isEmpty else { return }
            write(batch, to: database)
        }
    }

    private func write(_ batch: [PendingWrite], to database: Database) {
        let now = clock()
        let plan = BatchPlan(batch, on: watched, policy: policy, now: now)
        do {
            if plan.changesAnything {
                try database.write(
                    plan.events, compactingThrough: plan.compaction, forgetting: plan.forgotten)
            }
        } catch {
            let failure = StoreError.unavailable("the store cannot be written: \(VersionFile.text(error))")
            for pending in batch { pending.answer(.failure(failure)) }
            return
        }
        watched.take(plan)
        if let last = plan.events.last { policy.withLock { $0.record(last.revision, at: now) } }
        for (pending, outcome) in zip(batch, plan.outcomes) { pending.answer(outcome) }
    }
}

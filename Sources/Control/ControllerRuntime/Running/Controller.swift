package import APIProtocol
package import CoreMetrics
package import Logging
package import ObjectModel
internal import Synchronization

/// Runs a reconciler: keys come from cache changes, wait in a queue, pass the barrier, are observed and reconciled,
/// and their plans are done, for several keys at a time but never twice for one.
package final class Controller<R: Reconciler>: ControlLoop {
    private struct State {
        var queue: WorkQueue<R.Key>
        var barrier: Barrier<R.Key>
    }

    /// Its name, for logs.
    package let name: String
    private let reconciler: R
    private let caches: R.Caches
    private let sources: [any RevisionedCache]
    private let executor: PlanExecutor
    private let workers: Int
    private let clock: ControlClock
    private let logger: Logger
    private let metrics: WorkQueueMetrics
    private let state: Mutex<State>
    private let signal = Signal()

    /// A controller. `sources` are the caches it reads: it starts when all have their first list, and waits for its own
    /// writes to appear in them. It subscribes to them for progress, so it is made before they are fed.
    package init(
        _ name: String, _ reconciler: R, caches: R.Caches, sources: [any RevisionedCache], client: APIClient,
        events: EventRecorder, workers: Int = 8, backOff: BackOff = .failedKeys, clock: ControlClock = .system,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance, logger: Logger
    ) {
        self.name = name
        self.reconciler = reconciler
        self.caches = caches
        self.sources = sources
        executor = PlanExecutor(client: client, record: { events.record($0) })
        self.workers = workers
        self.clock = clock
        self.logger = logger
        self.metrics = WorkQueueMetrics(queue: name, metrics)
        state = Mutex(State(queue: WorkQueue(backOff: backOff), barrier: Barrier(sources)))
        for source in sources {
            source.onProgress { [weak self] in self?.releaseParked() }
        }
    }

    /// Looks at a key soon.
    package func enqueue(_ key: R.Key) {
        let now = clock.uptime()
        metrics.added(state.withLock { $0.queue.add(key, now: now) } ? 1 : 0)
        signal.give()
    }

    /// Looks at a key after a time.
    package func enqueue(_ key: R.Key, after delay: Duration) {
        let due = clock.uptime() + delay
        state.withLock { $0.queue.add(key, at: due) }
        signal.give()
    }

    /// Enqueues, for each change of `cache`, the keys that the closure finds for the old and the new version. With a
    /// `period` what comes within it after the first change of a key is one piece of work.
    package func enqueueChanges<View: ObjectView>(
        of cache: ObjectCache<View>, batchedFor period: (@Sendable (R.Key) -> Duration)? = nil,
        _ keys: @escaping @Sendable (CacheChange<View>) -> [R.Key]
    ) {
        cache.onChange { [weak self] change in
            for key in keys(change) {
                if let period { self?.enqueue(key, after: period(key)) } else { self?.enqueue(key) }
            }
        }
    }

    /// Works until the task is cancelled.
    package func run() async {
        for source in sources { await source.waitUntilSynced() }
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let now = clock.uptime()
                let (keys, due) = state.withLock { next(&$0, now: now) }
                for (key, waited) in keys {
                    metrics.began(after: waited)
                    group.addTask { await self.work(on: key) }
                }
                if keys.isEmpty {
                    await signal.wait(atMost: due.map { max($0 - now, .zero) }, sleep: clock.sleep)
                }
            }
        }
    }

    package func publishMetrics() async {
        let now = clock.uptime()
        let (depth, times) = state.withLock { ($0.queue.count, $0.queue.timesInWork(at: now)) }
        metrics.publish(depth: depth, timesInWork: times)
    }

    /// The keys to begin with and how long each waited, and when to look again for others.
    private func next(_ state: inout State, now: Duration) -> ([(R.Key, Duration)], Duration?) {
        metrics.added(state.queue.advance(to: now))
        state.barrier.relistOverdue(now: now)
        var keys: [(R.Key, Duration)] = []
        while state.queue.inProgress < workers, let (key, waited) = state.queue.take(now: now) {
            if state.barrier.admits(key) {
                keys.append((key, waited))
            } else {
                state.queue.done(key, now: now)
            }
        }
        let due = [state.queue.nextDue, state.barrier.nextDeadline].compactMap { $0 }.min()
        return (keys, due)
    }

    private func work(on key: R.Key) async {
        guard let observed = reconciler.observe(key, in: caches) else {
            finish(key, clock.uptime()) { $0.queue.forget(key) }
            return
        }
        let plan = reconciler.reconcile(observed, at: clock.now())
        let outcome = await executor.execute(plan)
        let now = clock.uptime()
        if let failure = outcome.failure {
            logger.log(
                level: outcome.isConflict ? .debug : .warning, "reconcile failed",
                metadata: ["controller": "\(name)", "key": "\(key)", "error": "\(failure)"])
        } else if !plan.isEmpty {
            logger.debug(
                "reconciled",
                metadata: ["controller": "\(name)", "key": "\(key)", "plan": "\(plan.explanation)"])
        }
        finish(key, now) { state in
            state.barrier.expect(outcome.expectations, of: key, now: now)
            if outcome.failure == nil || outcome.isFinal {
                state.queue.forget(key)
                if let delay = plan.recheckAfter { state.queue.add(key, at: now + delay) }
            } else {
                state.queue.addAfterFailure(key, now: now)
                metrics.failed()
            }
        }
    }

    private func finish(_ key: R.Key, _ now: Duration, _ change: (inout State) -> Void) {
        let time = state.withLock { state in
            change(&state)
            return state.queue.done(key, now: now)
        }
        metrics.ended(after: time)
        signal.give()
    }

    private func releaseParked() {
        let now = clock.uptime()
        let released = state.withLock { state in
            let keys = state.barrier.release()
            for key in keys where state.queue.add(key, now: now) { metrics.added(1) }
            return !keys.isEmpty
        }
        if released { signal.give() }
    }
}

internal import Synchronization

/// Runs the jobs of all tasks of a simulation on the thread that calls `drain`, one at a time, in an order drawn from
/// the seed. So the code under test runs as it is, `async` parts and all, and a seed replays exactly.
///
/// Assumes: every task of the simulation is a child of one that was started on this executor, and none leaves it (no
/// actor, no unstructured task), which TidyTests see to.
package final class SimulatedExecutor: TaskExecutor {
    private let ready = Mutex<[UnownedJob]>([])
    private let random: SeededRandom

    /// An executor that draws the order of jobs from `random`.
    package init(random: SeededRandom) { self.random = random }

    /// Takes a job; it runs in a later turn of `drain`.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        ready.withLock { $0.append(job) }
    }

    /// Runs jobs until none is ready, at most `limit`; returns how many ran.
    package func drain(limit: Int) -> Int {
        var ran = 0
        while ran < limit, let job = take() {
            job.runSynchronously(on: asUnownedTaskExecutor())
            ran += 1
        }
        return ran
    }

    /// Mostly the job that waits longest; now and then another one overtakes it.
    private func take() -> UnownedJob? {
        ready.withLock { ready in
            guard !ready.isEmpty else { return nil }
            let overtakes = ready.count > 1 && random.chance(0.25)
            return ready.remove(at: overtakes ? random.number(in: 0...min(ready.count, 8) - 1) : 0)
        }
    }
}

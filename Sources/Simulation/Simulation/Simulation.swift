internal import Synchronization

/// What one seed showed.
package struct SimulationReport: Sendable {
    /// The seed.
    package let seed: UInt64
    /// What did not hold.
    package let violations: [Violation]
    /// What people and fate did.
    package let story: [String]
    /// Every write and every container that began or ended, a line each.
    package let log: [String]
    /// A hash over every write: equal seeds have equal traces.
    package let trace: UInt64
    /// How many jobs ran.
    package let jobs: Int
    /// How much time passed in the simulation.
    package let time: Duration
}

/// A cluster, its people and its faults, all drawn from a seed and run in one loop with virtual time.
package struct Simulation: Sendable {
    /// The most jobs of one run; beyond that it is taken for a loop without end.
    private static let mostJobs = 60_000_000
    private static let longestTime = Duration.seconds(8 * 3600)

    private let seed: UInt64
    private let rates: FaultRates
    private let mutation: Mutation?

    /// A simulation of a seed, with a bug put in where one is given.
    package init(seed: UInt64, rates: FaultRates = FaultRates(), mutation: Mutation? = nil) {
        self.seed = seed
        self.rates = rates
        self.mutation = mutation
    }

    /// Runs it on the calling thread. Throws when the catalogue of kinds is damaged.
    package func run() throws -> SimulationReport {
        let random = SeededRandom(seed: seed)
        let executor = SimulatedExecutor(random: random.fork("order"))
        let clock = VirtualClock()
        let cluster = try SimulatedCluster(
            clock: clock, random: random.fork("cluster"), nodes: 3, rates: rates, mutation: mutation)
        let outcome = Outcome()
        // The one task that is nobody's child: everything in the simulation is below it, on the simulation's executor.
        let root = Task(executorPreference: executor) {
            var scenario = Scenario(cluster, random: random.fork("scenario"), size: Scenario.Size())
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await cluster.run() }
                await scenario.play()
                outcome.told(scenario.story)
                group.cancelAll()
            }
            outcome.ended()
        }
        var jobs = 0
        repeat {
            jobs += executor.drain(limit: Self.mostJobs - jobs)
        } while jobs < Self.mostJobs && !outcome.hasEnded && clock.advance(notBeyond: Self.longestTime)
        root.cancel()
        _ = executor.drain(limit: Self.mostJobs)
        if !outcome.hasEnded {
            let why = jobs >= Self.mostJobs ? "\(jobs) jobs" : "at \(clock.uptime)"
            cluster.ledger.report(.processesEnd, "it did not end (\(why)), story so far: \(outcome.story.count)")
        }
        return SimulationReport(
            seed: seed, violations: cluster.ledger.violations, story: outcome.story, log: cluster.ledger.log,
            trace: cluster.ledger.trace, jobs: jobs,
            time: clock.uptime)
    }
}

/// What the root task tells the loop.
private final class Outcome: Sendable {
    private let state = Mutex<(story: [String], hasEnded: Bool)>(([], false))
    var story: [String] { state.withLock { $0.story } }
    var hasEnded: Bool { state.withLock { $0.hasEnded } }
    func told(_ story: [String]) { state.withLock { $0.story = story } }
    func ended() { state.withLock { $0.hasEnded = true } }
}

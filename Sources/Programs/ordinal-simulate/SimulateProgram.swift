internal import ArgumentParser
internal import Glibc
internal import Simulation

/// Runs simulations one after the other: for many seeds, which `make soak` splits over the machine's cores, and to replay
/// one. It is a tool of the project's; nobody needs it to run Ordinal.
@main struct SimulateProgram: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ordinal-simulate",
        abstract: "Runs a whole cluster with its faults, drawn from a seed, and says what did not hold.")

    @Argument(help: "The first seed.")
    var first: UInt64 = 1

    @Argument(help: "How many seeds.")
    var count: UInt64 = 1

    @Flag(help: "Print all that happened, for failing seeds only what people and fate did.")
    var log = false

    func validate() throws {
        guard getenv("SWIFT_DETERMINISTIC_HASHING") != nil else {
            throw ValidationError("set SWIFT_DETERMINISTIC_HASHING=1: without it no seed replays")
        }
        guard count > 0, first <= UInt64.max - count else { throw ValidationError("no such seeds") }
    }

    func run() throws {
        var failures = 0
        var jobs = 0
        for seed in first..<first + count {
            let report = try Simulation(seed: seed).run()
            jobs += report.jobs
            if log { for line in report.log { print(line) } }
            guard !report.violations.isEmpty else { continue }
            failures += 1
            print("seed \(seed) failed: make simulate SEED=\(seed)")
            for violation in report.violations { print("  \(violation)") }
            for line in report.story { print("    \(line)") }
            // Many seeds take their time, and whoever looks on wants to know at once.
            fflush(nil)
        }
        print("seeds \(first) to \(first + count - 1): \(failures) failed, \(jobs) steps")
        if failures > 0 { throw ExitCode.failure }
    }
}

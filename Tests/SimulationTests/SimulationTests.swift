import Foundation
import ObjectModel
import Simulation
import Testing

/// Seeds that must show nothing wrong; others, and all that happened: `make simulate SEED=7`.
@Suite struct SimulationTests {
    private static let isReplayable = ProcessInfo.processInfo.environment["SWIFT_DETERMINISTIC_HASHING"] != nil

    @Test(.enabled(if: isReplayable, "set SWIFT_DETERMINISTIC_HASHING=1, so that a seed replays"), arguments: 1...50)
    func everySeedHolds(_ seed: Int) throws {
        let report = try Simulation(seed: UInt64(seed)).run()
        let found = report.violations.map(\.description).joined(separator: "\n")
        let told = report.story.joined(separator: "\n")
        #expect(report.violations.isEmpty, "make simulate SEED=\(seed)\n\(found)\n\(told)")
    }

    @Test(.enabled(if: isReplayable, "set SWIFT_DETERMINISTIC_HASHING=1, so that a seed replays"))
    func aSeedReplaysExactly() throws {
        let (first, second) = (try Simulation(seed: 7).run(), try Simulation(seed: 7).run())
        #expect(first.trace == second.trace)
        #expect(first.jobs == second.jobs)
        #expect(first.trace != (try Simulation(seed: 8).run()).trace)
    }
}

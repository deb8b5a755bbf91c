import Foundation
import ObjectModel
import Simulation
import Testing

/// Seeds that must show nothing wrong. `ORDINAL_SEED` and `ORDINAL_SEEDS` choose others, `ORDINAL_LOG` prints all that happened.
@Suite struct SimulationTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let isReplayable = environment["SWIFT_DETERMINISTIC_HASHING"] != nil

    static let seeds: [Int] = {
        let first = Int(environment["ORDINAL_SEED"] ?? "") ?? 1
        let count = Int(environment["ORDINAL_SEEDS"] ?? "") ?? 50
        return Array(first..<first + count)
    }()

    @Test(.enabled(if: isReplayable, "set SWIFT_DETERMINISTIC_HASHING=1, so that a seed replays"), arguments: seeds)
    func everySeedHolds(_ seed: Int) throws {
        let report = try Simulation(seed: UInt64(seed)).run()
        let found = report.violations.map(\.description).joined(separator: "\n")
        let told = (Self.environment["ORDINAL_LOG"] == nil ? report.story : report.log).joined(separator: "\n")
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

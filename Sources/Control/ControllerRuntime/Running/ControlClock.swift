package import ObjectModel
internal import Timers

/// Where a running part gets time and chance from; tests and simulations give their own.
package struct ControlClock: Sendable {
    /// The time of day.
    package let now: @Sendable () -> Timestamp
    /// Time since some fixed point that never jumps.
    package let uptime: @Sendable () -> Duration
    /// Waits; throws when the task is cancelled.
    package let sleep: @Sendable (Duration) async throws -> Void
    /// A number in 0..<1.
    package let random: @Sendable () -> Double

    /// A clock.
    package init(
        now: @escaping @Sendable () -> Timestamp, uptime: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void, random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.uptime = uptime
        self.sleep = sleep
        self.random = random
    }

    /// The machine's clock and random numbers.
    package static let system: ControlClock = {
        let start = ContinuousClock.now
        return ControlClock(
            now: { .systemNow() }, uptime: { ContinuousClock.now - start },
            sleep: { try await SleepQueue.shared.sleep(for: $0) }, random: { Double.random(in: 0..<1) })
    }()
}

/// A part of the control plane that runs until its task is cancelled.
package protocol ControlLoop: Sendable {
    /// Its name, for logs.
    var name: String { get }
    /// Works until the task is cancelled.
    func run() async
    /// Sets the metrics that say how things are at this moment; asked before each scrape.
    func publishMetrics() async
}

extension ControlLoop {
    /// Nothing, where a part has none.
    package func publishMetrics() async {}
}

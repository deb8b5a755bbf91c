package import ObjectModel
internal import Timers

/// What the server takes from the world besides requests: time, ids, randomness. Tests give their own.
package struct ServerEnvironment: Sendable {
    /// The current time.
    package var now: @Sendable () -> Timestamp
    /// Time since some fixed point that never jumps, to measure with.
    package var uptime: @Sendable () -> Duration = {
        let start = ContinuousClock.now
        return { ContinuousClock.now - start }
    }()
    /// A random v4 UUID.
    package var makeUID: @Sendable () -> String
    /// A random number in the range.
    package var random: @Sendable (ClosedRange<Int>) -> Int
    /// Waits; throws when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void

    /// An environment.
    package init(
        now: @escaping @Sendable () -> Timestamp, makeUID: @escaping @Sendable () -> String,
        random: @escaping @Sendable (ClosedRange<Int>) -> Int,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.makeUID = makeUID
        self.random = random
        self.sleep = sleep
    }

    /// The machine's clock and random numbers.
    package static let system = ServerEnvironment(
        now: Timestamp.systemNow, makeUID: randomUUID, random: { Int.random(in: $0) },
        sleep: { try await SleepQueue.shared.sleep(for: $0) })

    private static func randomUUID() -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
    }
}

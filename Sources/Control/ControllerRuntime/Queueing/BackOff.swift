/// Waiting times that double from `first` to `last`.
package struct BackOff: Sendable, Hashable {
    /// The first waiting time.
    package let first: Duration
    /// The longest waiting time.
    package let last: Duration

    /// Waiting times from `first` to `last`.
    package init(first: Duration, last: Duration) {
        self.first = first
        self.last = last
    }

    /// For keys that failed: 5 ms to 1000 s, as client-go's rate limiter.
    package static let failedKeys = BackOff(first: .milliseconds(5), last: .seconds(1000))
    /// For lists and watches that failed: 0.1 s to 30 s.
    package static let watches = BackOff(first: .milliseconds(100), last: .seconds(30))

    /// The waiting time after `failures` failures in a row (1 is the first).
    package func delay(failures: Int) -> Duration {
        var delay = first
        var step = 1
        while step < failures, delay < last {
            delay *= 2
            step += 1
        }
        return min(delay, last)
    }

    /// The same with jitter: between the half and the whole of it, `random` in 0..<1.
    package func delay(failures: Int, random: Double) -> Duration {
        delay(failures: failures) * (0.5 + random / 2)
    }
}

package import ObjectModel

/// Waiting times of things that keep failing: 10 s, doubled up to 300 s, forgotten after 10 minutes without a failure
/// (kubelet's `MaxContainerBackOff` and `flowcontrol.Backoff`).
package struct RestartBackOff: Sendable, Hashable {
    /// The waiting time after the first failure.
    package static let first = Duration.seconds(10)
    /// The longest waiting time.
    package static let longest = Duration.seconds(300)

    private struct Entry: Hashable, Sendable {
        var delay: Duration
        var since: Timestamp
    }
    private var entries: [String: Entry] = [:]

    /// Nothing has failed yet.
    package init() {}

    /// How long to wait still before `key`, which failed at `failure`, is tried again; nil when it may be at once.
    package func remaining(_ key: String, failedAt failure: Timestamp, now: Timestamp) -> Duration? {
        guard let entry = entries[key], failure - entry.since <= Self.longest * 2 else { return nil }
        let remaining = entry.delay - (now - failure)
        return remaining > .zero ? remaining : nil
    }

    /// The waiting time that is in force for `key`.
    package func delay(_ key: String) -> Duration { entries[key]?.delay ?? .zero }

    /// Notes that `key`, which failed at `failure`, is tried again now: the next failure waits longer.
    package mutating func tried(_ key: String, failedAt failure: Timestamp, now: Timestamp) {
        let delay =
            if let entry = entries[key], failure - entry.since <= Self.longest * 2 {
                min(entry.delay * 2, Self.longest)
            } else {
                Self.first
            }
        entries[key] = Entry(delay: delay, since: now)
    }

    /// Forgets `key`.
    package mutating func succeeded(_ key: String) { entries[key] = nil }
}

package import ObjectModel

/// When old versions go: after `retention`, or earlier when history takes more than `maximumBytes`.
///
/// It is asked on writes only, so a store at rest neither wakes nor writes; its history just stays.
package struct CompactionPolicy: Sendable {
    private struct Mark: Sendable {
        let revision: Revision
        let time: ContinuousClock.Instant
    }

    /// How long an old version can be read.
    package static let defaultRetention = Duration.seconds(300)
    /// The most bytes of history.
    package static let defaultMaximumBytes = 64 << 20
    /// The most revisions one compaction goes forward, so that no write waits long for it.
    package static let longestStep: Int64 = 2000

    private let retention: Duration
    private let maximumBytes: Int
    private var marks: [Mark] = []

    /// A policy.
    package init(
        retention: Duration = Self.defaultRetention, maximumBytes: Int = Self.defaultMaximumBytes
    ) {
        self.retention = retention
        self.maximumBytes = maximumBytes
    }

    /// Remembers when `revision` was reached, a tenth of the retention exact.
    package mutating func record(_ revision: Revision, at now: ContinuousClock.Instant) {
        if let last = marks.last, last.time + retention / 10 > now { return }
        marks.append(Mark(revision: revision, time: now))
    }

    /// Through which revision to compact now; nil when nothing is due.
    package mutating func due(in state: StoreState, at now: ContinuousClock.Instant) -> Revision? {
        marks.removeAll { $0.revision <= state.compacted }
        let expired = marks.last { $0.time + retention <= now }?.revision
        // Below the limit by a quarter, so that the next write is not due again.
        let excess = state.historyBytes > maximumBytes ? state.compactionBound(keeping: maximumBytes / 4 * 3) : nil
        guard let bound = [expired, excess].compactMap({ $0 }).max(), bound > state.compacted else { return nil }
        return min(bound, Revision(state.compacted.value + Self.longestStep))
    }
}

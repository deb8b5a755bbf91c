package import ObjectModel

/// When a container's log begins a new file and what becomes of the older ones, in kubelet's layout: `0.log` is written
/// to, `0.log.20060102-150405` was written before it, `0.log.….gz` earlier ones (kubelet's `containerLogMaxSize`,
/// `containerLogMaxFiles` and `containerLogMonitorInterval`).
///
/// Limits: a log is looked at each `interval`, so one file is as long as `maxBytes` and what a container writes in that
/// time; of each instance of a container there are at most `maxFiles` files.
package struct LogRotation: Sendable, Hashable {
    /// A file of this many bytes is the last one's predecessor.
    package var maxBytes: Int64 = 10 << 20
    /// How many files one log has, the one written to included; at least 2.
    package var maxFiles = 5
    /// How often logs are looked at.
    package var interval = Duration.seconds(10)

    /// Kubelet's defaults.
    package init() {}

    /// What to do with the files of a log before it is rotated.
    package struct Plan: Sendable, Hashable {
        /// To be removed, the oldest first.
        package var removals: [String] = []
        /// To be compressed.
        package var compressions: [String] = []
    }

    /// The plan for the log `name` in a directory that holds `names`. Half-written archives go, files that are archived
    /// already, and the oldest until there is room for the one that is now written to and its successor.
    package func plan(_ name: String, among names: [String]) -> Plan {
        let older = names.filter { $0.hasPrefix(name + ".") }.sorted()
        let all = Set(older)
        let unused = older.filter { $0.hasSuffix(".tmp") || (!$0.hasSuffix(".gz") && all.contains($0 + ".gz")) }
        let used = older.filter { !unused.contains($0) }
        let excess = used.prefix(max(0, used.count - max(0, maxFiles - 2)))
        return Plan(
            removals: unused + excess, compressions: used.dropFirst(excess.count).filter { !$0.hasSuffix(".gz") })
    }

    /// The name of a log that was rotated at `now`.
    package static func rotatedName(_ name: String, at now: Timestamp) -> String {
        let digits = now.text.prefix(19).map { $0 == "T" ? "-" : $0 }.filter { $0 != ":" }
        let text = String(digits)
        // 2006-01-02-150405: kubelet has no dashes in the date.
        let date = text.prefix(10).filter { $0 != "-" }
        return "\(name).\(date)\(text.dropFirst(10))"
    }
}

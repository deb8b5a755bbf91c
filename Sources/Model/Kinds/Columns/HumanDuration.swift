package import ObjectModel

/// Durations as Kubernetes prints them in tables: two units at most, coarser the longer they are.
package enum HumanDuration {
    /// The text for `duration` (upstream's `HumanDuration`).
    package static func text(_ duration: Duration) -> String {
        let seconds = Int(duration.nanoseconds / 1_000_000_000)
        if seconds < -1 { return "<invalid>" }
        if seconds < 0 { return "0s" }
        if seconds < 120 { return "\(seconds)s" }
        let minutes = seconds / 60
        if minutes < 10 { return pair(minutes, "m", seconds % 60, "s") }
        if minutes < 180 { return "\(minutes)m" }
        let hours = minutes / 60
        if hours < 8 { return pair(hours, "h", minutes % 60, "m") }
        if hours < 48 { return "\(hours)h" }
        let days = hours / 24
        if hours < 24 * 8 { return pair(days, "d", hours % 24, "h") }
        if days < 365 * 2 { return "\(days)d" }
        if days < 365 * 8 { return pair(days / 365, "y", days % 365, "d") }
        return "\(days / 365)y"
    }

    /// The time from `time` to `now`; `<unknown>` when there is no time.
    package static func since(_ time: Timestamp?, now: Timestamp) -> String {
        time.map { text(now - $0) } ?? "<unknown>"
    }

    private static func pair(_ large: Int, _ largeUnit: String, _ small: Int, _ smallUnit: String) -> String {
        small == 0 ? "\(large)\(largeUnit)" : "\(large)\(largeUnit)\(small)\(smallUnit)"
    }
}

/// Waits for what is about to show.
package enum Patience {
    /// The longest time that is waited.
    package static let limit = Duration.seconds(60)
    private static let longestPause = Duration.milliseconds(500)

    /// Looks at once and again after ever longer pauses until `condition` holds, `limit` is over or the task is cancelled.
    package static func wait(
        sleep: (Duration) async -> Void, until condition: () async -> Bool
    ) async {
        var pause = Duration.milliseconds(1)
        var waited = Duration.zero
        while await !condition(), waited < limit, !Task.isCancelled {
            await sleep(pause)
            waited += pause
            pause = min(pause * 2, longestPause)
        }
    }
}

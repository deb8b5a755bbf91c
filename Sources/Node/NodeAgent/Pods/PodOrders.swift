internal import ControllerRuntime
internal import ObjectModel

/// What is wanted of a pod at this moment, while a step that began with an older wish is under way.
struct PodOrders: Sendable {
    /// Given when the pod is to end, and again when its grace changes.
    let news: Signal
    /// Given when probes have found out something new.
    let probed: Signal
    /// Whether the pod is to end. Once true it stays so.
    let isEnding: @Sendable () -> Bool
    /// The grace of the pod as it is known now: a second DELETE may shorten it while the first one is carried out.
    let grace: @Sendable () -> Duration

    /// Runs what may take long; nil when it was given up because the pod is to end.
    func unlessEnding<Result: Sendable>(_ body: @escaping @Sendable () async -> Result) async -> Result? {
        if isEnding() { return nil }
        return await withTaskGroup(of: Result?.self) { group in
            group.addTask { await body() }
            group.addTask {
                while !isEnding(), !Task.isCancelled { await news.wait() }
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }
}

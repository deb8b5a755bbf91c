internal import Kinds
internal import ObjectModel

/// What several controllers ask about a pod.
extension PodView {
    /// Whether it counts as one that is there: it has not ended and is not going away.
    var isActive: Bool { !isTerminal && !isTerminating }

    /// The time until a ready pod becomes available; nil when that is no matter of time.
    func timeUntilAvailable(_ minReadySeconds: Int, _ now: Timestamp) -> Duration? {
        guard minReadySeconds > 0, isReady, !isTerminating, let since = readyCondition?.lastTransitionTime else {
            return nil
        }
        let left = since + .seconds(minReadySeconds) - now
        return left > .zero ? left : nil
    }
}

package import Kinds
internal import ObjectModel

/// How far a rollout may leave the wanted number of pods, upwards and downwards.
extension DeploymentView {
    /// How many pods more than wanted may exist: rounded up, and never more than fit into 32 bits.
    package var maxSurge: Int {
        guard case .rollingUpdate(let surge, _) = strategy else { return 0 }
        return min(surge.scaled(to: replicas, roundsUp: true), Int(Int32.max) - replicas)
    }

    /// How many of the wanted pods may be unavailable: rounded down. When that makes both limits zero it is 1, since a
    /// rollout could not begin.
    package var maxUnavailable: Int {
        guard case .rollingUpdate(let surge, let unavailable) = strategy, replicas > 0 else { return 0 }
        let count = unavailable.scaled(to: replicas, roundsUp: false)
        if count == 0, surge.scaled(to: replicas, roundsUp: true) == 0 { return 1 }
        return min(count, replicas)
    }

    /// How many pods must stay available.
    package var minAvailable: Int { replicas - maxUnavailable }

    /// Whether pods change in small steps.
    var isRollingUpdate: Bool { if case .rollingUpdate = strategy { true } else { false } }
}

internal import Kinds
internal import NodeInterfaces
internal import ObjectModel

/// A token of a pod's ServiceAccount, and when to get a new one.
struct FetchedToken: Sendable {
    var text: String
    var refreshAt: Timestamp
    var expiresAt: Timestamp
}

/// What the agent has set up of a pod's volumes in this process. After a restart everything is set up again, which
/// changes nothing that is there.
struct PodVolumes: Sendable {
    /// The host's path of each volume.
    var hostPaths: [String: String] = [:]
    /// What each was last set up with.
    var requests: [String: VolumeRequest] = [:]
    /// The tokens in use.
    var tokens: [TokenWish: FetchedToken] = [:]

    /// When a token must be replaced; nil without tokens.
    var nextRefresh: Timestamp? { tokens.values.map(\.refreshAt).min() }

    /// The volumes that containers mount: others are never set up, as upstream.
    static func mounted(in pod: AgentPod) -> [VolumeView] {
        let names = Set(pod.allContainers.flatMap { $0.volumeMounts.map(\.name) })
        return pod.view.spec.volumes.filter { names.contains($0.name) }
    }
}

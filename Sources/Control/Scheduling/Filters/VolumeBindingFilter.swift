/// Keeps a pod where the volumes of its claims can be reached, and where its waiting claims get volumes.
struct VolumeBindingFilter: NodeFilter {
    static let name = FilterName.volumeBinding

    private let claims: ClaimDemand

    /// Nothing when no volume says where it is and no claim waits.
    init?(_ pod: PodNeeds) {
        if pod.claims.volumeAffinities.isEmpty, pod.claims.waiting.isEmpty { return nil }
        claims = pod.claims
    }

    func refusal(of node: NodeLoad) -> Refusal? {
        var reasons: [String] = []
        if !claims.volumeAffinities.allSatisfy({ $0.matches(node.view) }) {
            reasons.append("node(s) didn't match PersistentVolume's node affinity")
        }
        if claims.volumes(on: node.view) == nil { reasons.append(ClaimDemand.noVolumes) }
        return reasons.isEmpty ? nil : Refusal(reasons: reasons, isResolvable: false)
    }
}

internal import Kinds
internal import ObjectModel

/// What of a pod decides about one node, whatever other pods are around. Pods of one template have the same.
struct Subject: Sendable, Hashable {
    let tolerations: [TolerationView]
    let demand: PodDemand
    let affinity: PodNodeAffinity
    let claims: ClaimDemand
}

/// What a pod asks of its node, read once for a decision.
struct PodNeeds: Sendable {
    let uid: String
    let traits: PodTraits
    let tolerations: [TolerationView]
    let demand: PodDemand
    let affinity: PodNodeAffinity
    let terms: PodTerms
    let claims: ClaimDemand
    /// The claims of its volumes, by name.
    let claimNames: Set<String>
    /// Whether it may take the place of others (`preemptionPolicy` is not Never).
    let mayPreempt: Bool

    init(_ pod: PodView, claims: ClaimDemand) {
        uid = pod.metadata.uid
        traits = PodTraits(pod)
        tolerations = pod.spec.tolerations
        demand = PodDemand(pod)
        affinity = PodNodeAffinity(pod)
        terms = PodTerms(pod)
        self.claims = claims
        claimNames = Set(pod.spec.volumes.compactMap(\.claimName))
        mayPreempt = pod.spec.preemptionPolicy != "Never"
    }

    /// What local filters and scores see of the pod.
    var subject: Subject {
        Subject(tolerations: tolerations, demand: demand, affinity: affinity, claims: claims)
    }

    func tolerates(_ taint: TaintView) -> Bool { tolerations.contains { $0.tolerates(taint) } }
}

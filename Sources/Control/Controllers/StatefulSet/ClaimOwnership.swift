internal import Kinds
internal import ObjectModel

/// Who owns the claims of a set's pods, so that the garbage collector takes them when the set's retention policy says so
/// (KEP-1847): the set owns claims that go with it; a pod that is scaled down owns claims that go with it.
struct ClaimOwnership {
    private let set: StatefulSetView

    init(_ set: StatefulSetView) { self.set = set }

    /// The owners of a new claim, besides those of its template.
    var ownersOfNewClaims: [OwnerReference] { self.set.claimRetention.deletesWhenDeleted ? [self.set.owner] : [] }

    /// The owners that a claim should have; nil when it has them, or when one of them is an earlier object of the same
    /// name: what that one left is not touched. `pod` has no uid while the pod is not made.
    func owners(of claim: PersistentVolumeClaimView, pod: OwnerReference, isScaledDown: Bool) -> [OwnerReference]? {
        let owners = claim.metadata.ownerReferences
        if owners.contains(where: { isEarlier($0, than: set.owner) || isEarlier($0, than: pod) }) { return nil }
        var wanted = owners.filter { !names($0, set.owner) && !names($0, pod) }
        if !hasConflict(claim, pod: pod) {
            if set.claimRetention.deletesWhenScaled, isScaledDown {
                wanted.append(pod)
            } else if set.claimRetention.deletesWhenDeleted {
                wanted.append(set.owner)
            }
        }
        return Set(wanted) == Set(owners) ? nil : wanted
    }

    /// Whether something else controls the claim: then no policy applies to it.
    func hasConflict(_ claim: PersistentVolumeClaimView, pod: OwnerReference) -> Bool {
        guard set.claimRetention.deletesWhenDeleted || set.claimRetention.deletesWhenScaled else { return false }
        return claim.metadata.ownerReferences.contains {
            $0.isController && !names($0, set.owner) && !names($0, pod)
        }
    }

    /// Whether a claim belongs to an earlier pod of the name: it is about to go, and a new pod must not use it.
    func isStale(_ claim: PersistentVolumeClaimView, pod: String) -> Bool {
        set.claimRetention.deletesWhenScaled
            && claim.metadata.ownerReferences.contains { names($0, Self.pod(pod, uid: "")) }
    }

    /// A pod as the owner of a claim.
    static func pod(_ name: String, uid: String) -> OwnerReference {
        let resource = PodView.resource
        return OwnerReference(
            apiVersion: resource.groupVersion.apiVersion, kind: resource.kind, name: name, uid: uid,
            isController: true, blockOwnerDeletion: true)
    }

    private func isEarlier(_ owner: OwnerReference, than other: OwnerReference) -> Bool {
        names(owner, other) && owner.uid != other.uid
    }

    private func names(_ owner: OwnerReference, _ other: OwnerReference) -> Bool {
        owner.apiVersion == other.apiVersion && owner.kind == other.kind && owner.name == other.name
    }
}

package import ControllerRuntime
package import Kinds
internal import ObjectModel

/// Which volume fits a claim.
package enum VolumeMatch {
    /// Whether a volume without a claim fits: class, modes, size and the claim's selector.
    package static func fits(_ volume: PersistentVolumeView, _ claim: PersistentVolumeClaimView) -> Bool {
        guard volume.claim == nil, !volume.metadata.isBeingDeleted, volume.phase != "Failed",
            volume.storageClassName == (claim.storageClassName ?? ""), volume.volumeMode == claim.volumeMode,
            Set(claim.accessModes).isSubset(of: volume.accessModes)
        else { return false }
        if let selector = claim.selector, !selector.matches(volume.metadata.labels) { return false }
        guard let wanted = claim.storageRequest else { return true }
        return (volume.capacity["storage"] ?? Quantity(0)) >= wanted
    }

    /// The smallest volume that fits; of equal ones the first by name.
    package static func best(
        for claim: PersistentVolumeClaimView, among volumes: [CachedObject<PersistentVolumeView>]
    ) -> CachedObject<PersistentVolumeView>? {
        volumes.filter { fits($0.view, claim) }.min { left, right in
            let (first, second) = (left.view.capacity["storage"], right.view.capacity["storage"])
            if let first, let second, first != second { return first < second }
            return left.key < right.key
        }
    }
}

package import ControllerRuntime
package import Kinds

/// Which volume fits a claim.
package enum VolumeMatch {
    /// The smallest volume that fits; of equal ones the first by name.
    package static func best(
        for claim: PersistentVolumeClaimView, among volumes: [CachedObject<PersistentVolumeView>]
    ) -> CachedObject<PersistentVolumeView>? {
        volumes.filter { $0.view.fits(claim) }.min { left, right in
            let (first, second) = (left.view.capacity["storage"], right.view.capacity["storage"])
            if let first, let second, first != second { return first < second }
            return left.key < right.key
        }
    }
}

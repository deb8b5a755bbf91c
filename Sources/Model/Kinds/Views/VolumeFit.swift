internal import ObjectModel

extension PersistentVolumeView {
    /// Whether this volume is free and fits a claim: class, modes, size and the claim's selector.
    package func fits(_ wanted: PersistentVolumeClaimView) -> Bool {
        guard claim == nil, !metadata.isBeingDeleted, phase != "Failed",
            storageClassName == (wanted.storageClassName ?? ""), volumeMode == wanted.volumeMode,
            Set(wanted.accessModes).isSubset(of: accessModes)
        else { return false }
        if let selector = wanted.selector, !selector.matches(metadata.labels) { return false }
        guard let request = wanted.storageRequest else { return true }
        return (capacity["storage"] ?? Quantity(0)) >= request
    }
}

internal import ObjectModel

extension PersistentVolumeView {
    /// Whether this volume is free and fits a claim: class, modes, size and the claim's selector.
    package func fits(_ wanted: PersistentVolumeClaimView) -> Bool {
        guard claim == nil, phase != "Failed", mismatch(with: wanted) == nil else { return false }
        return wanted.selector?.matches(metadata.labels) ?? true
    }

    /// Why this volume cannot be a claim's, in upstream's words; nil when it can.
    package func mismatch(with wanted: PersistentVolumeClaimView) -> String? {
        if metadata.isBeingDeleted { return "the volume is marked for deletion \"\(metadata.name)\"" }
        if let request = wanted.storageRequest, (capacity["storage"] ?? Quantity(0)) < request {
            return "requested PV is too small"
        }
        if storageClassName != wanted.storageClassName ?? "" { return "storageClassName does not match" }
        if volumeMode != wanted.volumeMode { return "incompatible volumeMode" }
        return Set(wanted.accessModes).isSubset(of: accessModes) ? nil : "incompatible accessMode"
    }
}

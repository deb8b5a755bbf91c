internal import ObjectModel

/// The rules of a PersistentVolumeClaim's spec, in a claim or in a template.
enum ClaimRules {
    static let accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]
    static let volumeModes = ["Block", "Filesystem"]

    static func spec(_ spec: Value, _ path: FieldPath) -> [FieldError] {
        var errors = modes(spec.texts("accessModes"), path.child("accessModes"), "at least 1 access mode is required")
        errors += SelectorRules.labelSelector(spec["selector"], path.child("selector"))
        let storage = Quantity(spec.child("resources").child("requests")["storage"])
        let storagePath = path.child("resources").key("storage")
        errors += storage == nil ? [Rules.required(storagePath)] : ResourceRules.positive(storage, storagePath)
        for key in ["storageClassName", "volumeAttributesClassName"] where !spec.text(key).isEmpty {
            errors += Rules.subdomain(spec.text(key), path.child(key))
        }
        if let mode = spec["volumeMode"]?.string, !volumeModes.contains(mode) {
            errors.append(Rules.unsupported(path.child("volumeMode"), .string(mode), volumeModes))
        }
        return errors
    }

    static func modes(_ modes: [String], _ path: FieldPath, _ requirement: String = "") -> [FieldError] {
        if modes.isEmpty { return [Rules.required(path, requirement)] }
        var errors = modes.filter { !accessModes.contains($0) }.map {
            Rules.unsupported(path, .string($0), accessModes)
        }
        let known = Set(modes).intersection(accessModes)
        if known.contains("ReadWriteOncePod"), known.count > 1 {
            errors.append(Rules.forbidden(path, "may not use ReadWriteOncePod with other access modes"))
        }
        return errors
    }
}

internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// A request for storage.
    static let persistentVolumeClaim = BuiltinKind(
        .persistentVolumeClaims, subresources: ["status"], cells: PersistentVolumeClaimKind.cells,
        hooks: PersistentVolumeClaimKind.hooks)
}

private enum PersistentVolumeClaimKind {
    private static let path = FieldPath("spec")
    private static let classAnnotation = "volume.beta.kubernetes.io/storage-class"

    static let cells: [String: Cell] = [
        "Name": Cells.name,
        "Status": Cells.phase,
        "Volume": Cells.text("spec", "volumeName"),
        "Capacity": { object, _ in
            guard hasVolume(object) else { return "" }
            return .string(object.child("status").quantities("capacity")["storage"]?.text ?? "0")
        },
        "Access Modes": { object, _ in
            .string(hasVolume(object) ? Cells.accessModes(object.child("status").texts("accessModes")) : "")
        },
        "StorageClass": Cells.storageClass,
        "VolumeAttributesClass": Cells.text("spec", "volumeAttributesClassName", fallback: "<unset>"),
        "Age": Cells.age,
        "VolumeMode": Cells.text("spec", "volumeMode", fallback: "<unset>"),
    ]

    static let hooks: KindHooks = {
        var hooks = KindHooks()
        hooks.prepareForCreate = { object, _ in object["status"] = ["phase": "Pending"] }
        hooks.validateCreate = { ClaimRules.spec($0.child("spec"), path) }
        hooks.validateUpdate = { object, old, subresource in
            subresource == "status" ? [] : ClaimRules.spec(object.child("spec"), path) + changes(object, old)
        }
        return hooks
    }()

    private static func hasVolume(_ object: Value) -> Bool { !object.child("spec").text("volumeName").isEmpty }

    private static func changes(_ object: Value, _ old: Value) -> [FieldError] {
        let spec = object.child("spec")
        let before = old.child("spec")
        var errors: [FieldError] = []
        let annotation = object.annotations[classAnnotation] ?? ""
        if annotation != old.annotations[classAnnotation] ?? "" {
            errors.append(
                Rules.invalid(
                    FieldPath("metadata").child("annotations").child(classAnnotation), .string(annotation),
                    Rules.immutable))
        }
        if !Rules.equal(withoutMutableFields(spec, old), before) {
            errors.append(
                Rules.forbidden(
                    path,
                    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound "
                        + "claims"))
        }
        errors += sizeChange(spec, before, old.child("status"))
        return errors + Rules.unchanged(spec["volumeMode"], before["volumeMode"], FieldPath("volumeMode"))
    }

    /// The new spec with the old values wherever a change is allowed: a volume and a class may be set once, and a bound
    /// claim may grow.
    private static func withoutMutableFields(_ spec: Value, _ old: Value) -> Value {
        let before = old.child("spec")
        var masked = spec
        if before.text("volumeName").isEmpty { masked["volumeName"] = before["volumeName"] }
        let annotated = old.annotations[classAnnotation]
        if before["storageClassName"]?.string == nil, let name = spec["storageClassName"]?.string,
            annotated == nil || annotated == name
        {
            masked["storageClassName"] = before["storageClassName"]
        }
        if old.child("status").text("phase") == "Bound" {
            if spec["resources"]?["requests"] != nil {
                masked.set(
                    ["resources", "requests", "storage"], to: before["resources"]?["requests"]?["storage"])
            }
            masked["volumeAttributesClassName"] = before["volumeAttributesClassName"]
        }
        return masked
    }

    private static func sizeChange(_ spec: Value, _ before: Value, _ status: Value) -> [FieldError] {
        func size(_ spec: Value) -> Quantity {
            spec.child("resources").quantities("requests")["storage"] ?? Quantity(0)
        }
        let capacity = status.quantities("capacity")["storage"] ?? Quantity(0)
        guard size(spec) < size(before), size(spec) <= capacity else { return [] }
        return [
            Rules.forbidden(
                path.child("resources").child("requests").child("storage"),
                "field can not be less than status.capacity")
        ]
    }
}

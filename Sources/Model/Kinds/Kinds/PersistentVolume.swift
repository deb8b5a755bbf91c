internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// A piece of storage of the cluster.
    static let persistentVolume = BuiltinKind(
        .persistentVolumes, subresources: ["status"], cells: PersistentVolumeKind.cells,
        hooks: PersistentVolumeKind.hooks)
}

private enum PersistentVolumeKind {
    private static let path = FieldPath("spec")
    /// The fields of a spec that are no source.
    private static let ownFields: Set = [
        "accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy",
        "storageClassName", "volumeAttributesClassName", "volumeMode",
    ]

    static let cells: [String: Cell] = [
        "Name": Cells.name,
        "Capacity": { object, _ in
            .string(object.child("spec").quantities("capacity")["storage"]?.text ?? "0")
        },
        "Access Modes": { object, _ in .string(Cells.accessModes(object.child("spec").texts("accessModes"))) },
        "Reclaim Policy": Cells.text("spec", "persistentVolumeReclaimPolicy"),
        "Status": Cells.phase,
        "Claim": { object, _ in
            guard let claim = object.child("spec").object("claimRef") else { return "" }
            return .string("\(claim.text("namespace"))/\(claim.text("name"))")
        },
        "StorageClass": Cells.storageClass,
        "VolumeAttributesClass": Cells.text("spec", "volumeAttributesClassName", fallback: "<unset>"),
        "Reason": Cells.text("status", "reason"),
        "Age": Cells.age,
        "VolumeMode": Cells.text("spec", "volumeMode", fallback: "<unset>"),
    ]

    static let hooks: KindHooks = {
        var hooks = KindHooks()
        hooks.prepareForCreate = { object, context in
            object["status"] = ["phase": "Pending", "lastPhaseTransitionTime": .string(context.now.text)]
        }
        hooks.validateCreate = { validate($0.child("spec")) }
        hooks.validateUpdate = { object, old, subresource in
            subresource == "status"
                ? []
                : validate(object.child("spec")) + changes(object.child("spec"), old.child("spec"))
        }
        return hooks
    }()

    private static func validate(_ spec: Value) -> [FieldError] {
        var errors = ClaimRules.modes(spec.texts("accessModes"), path.child("accessModes"))
        let capacity = spec.quantities("capacity")
        let capacityPath = path.child("capacity")
        if capacity.isEmpty { errors.append(Rules.required(capacityPath)) }
        if capacity["storage"] == nil || capacity.count > 1 {
            errors.append(Rules.unsupported(capacityPath, spec.child("capacity"), ["storage"]))
        }
        for name in capacity.keys.sorted() {
            errors += ResourceRules.positive(capacity[name], capacityPath.key(name))
        }
        let policies = ["Delete", "Recycle", "Retain"]
        if let policy = spec["persistentVolumeReclaimPolicy"]?.string, !policies.contains(policy) {
            errors.append(
                Rules.unsupported(path.child("persistentVolumeReclaimPolicy"), .string(policy), policies))
        }
        errors += source(spec)
        if let affinity = spec.child("nodeAffinity").object("required") {
            errors += SelectorRules.nodeSelector(affinity, path.child("nodeAffinity").child("required"))
        }
        let storageClass = spec.text("storageClassName")
        if !storageClass.isEmpty { errors += Rules.subdomain(storageClass, path.child("storageClassName")) }
        if let mode = spec["volumeMode"]?.string, !ClaimRules.volumeModes.contains(mode) {
            errors.append(Rules.unsupported(path.child("volumeMode"), .string(mode), ClaimRules.volumeModes))
        }
        return errors
    }

    private static func sources(_ spec: Value) -> [Fields.Field] {
        (spec.fields ?? Fields()).filter { !ownFields.contains($0.key) && $0.value.fields != nil }
    }

    private static func source(_ spec: Value) -> [FieldError] {
        let given = sources(spec)
        guard let first = given.first else { return [Rules.required(path, "must specify a volume type")] }
        let sourcePath = path.child(first.key)
        var errors: [FieldError] = []
        let needed = [
            "hostPath": ["path"], "local": ["path"], "nfs": ["server", "path"], "csi": ["driver", "volumeHandle"],
        ]
        for key in needed[first.key] ?? [] where first.value.text(key).isEmpty {
            errors.append(Rules.required(sourcePath.child(key)))
        }
        if ["hostPath", "local"].contains(first.key) {
            errors += VolumeRules.noBacksteps(first.value.text("path"), sourcePath.child("path"))
        }
        if first.key == "local", spec.child("nodeAffinity").object("required") == nil {
            errors.append(Rules.required(path.child("nodeAffinity"), "Local volume requires node affinity"))
        }
        return errors
            + given.dropFirst().map { Rules.forbidden(path.child($0.key), "may not specify more than 1 volume type") }
    }

    private static func changes(_ spec: Value, _ before: Value) -> [FieldError] {
        var errors: [FieldError] = []
        if !Rules.equal(
            .object(Fields(sources(spec).map { ($0.key, $0.value) })),
            .object(Fields(sources(before).map { ($0.key, $0.value) })))
        {
            errors.append(
                Rules.forbidden(
                    path.child("persistentvolumesource"), "spec.persistentvolumesource is immutable after creation"))
        }
        errors += Rules.unchanged(spec["volumeMode"], before["volumeMode"], FieldPath("volumeMode"))
        if before.object("nodeAffinity") != nil {
            errors += Rules.unchanged(spec["nodeAffinity"], before["nodeAffinity"], FieldPath("nodeAffinity"))
        }
        return errors
    }
}

internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// A way to make volumes.
    static let storageClass = BuiltinKind(
        .storageClasses, cells: StorageClassKind.cells, hooks: StorageClassKind.hooks)
}

private enum StorageClassKind {
    static let cells: [String: Cell] = [
        "Name": { object, _ in
            let view = StorageClassView(object)
            return .string(view.isDefault ? "\(view.metadata.name) (default)" : view.metadata.name)
        },
        "Provisioner": Cells.text("provisioner"),
        "ReclaimPolicy": Cells.text("reclaimPolicy", fallback: "Delete"),
        "VolumeBindingMode": Cells.text("volumeBindingMode", fallback: "Immediate"),
        "AllowVolumeExpansion": { object, _ in .bool(object.flag("allowVolumeExpansion")) },
        "Age": Cells.age,
    ]

    static let hooks: KindHooks = {
        var hooks = KindHooks()
        hooks.validateCreate = { validate($0) }
        hooks.validateUpdate = { object, old, _ in
            validate(object)
                + ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"].flatMap {
                    Rules.unchanged(object[$0], old[$0], FieldPath($0))
                }
        }
        return hooks
    }()

    private static func validate(_ object: Value) -> [FieldError] {
        let provisioner = object.text("provisioner")
        var errors =
            provisioner.isEmpty
            ? [Rules.required(FieldPath("provisioner"))]
            : Rules.qualifiedName(provisioner.lowercased(), FieldPath("provisioner"))
        for field in object["parameters"]?.fields ?? Fields() where field.key.isEmpty {
            errors.append(Rules.invalid(FieldPath("parameters"), "", "field can not be empty."))
        }
        let policy = object.text("reclaimPolicy")
        if !policy.isEmpty, !["Delete", "Retain"].contains(policy) {
            errors.append(Rules.unsupported(FieldPath("reclaimPolicy"), .string(policy), ["Delete", "Retain"]))
        }
        return errors
            + Rules.choice(
                object.text("volumeBindingMode"), FieldPath("volumeBindingMode"),
                of: ["Immediate", "WaitForFirstConsumer"])
    }
}

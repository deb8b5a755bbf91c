internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// So many equal pods. Its name becomes part of theirs.
    static let replicaSet = BuiltinKind(
        .replicaSets, subresources: ["scale", "status"], cells: ReplicaSetKind.cells, hooks: ReplicaSetKind.hooks)
}

private enum ReplicaSetKind {
    static let cells: [String: Cell] = [
        "Name": Cells.name,
        "Desired": TemplateCells.count("spec", "replicas"),
        "Current": TemplateCells.count("status", "replicas"),
        "Ready": TemplateCells.count("status", "readyReplicas"),
        "Age": Cells.age,
        "Containers": TemplateCells.containers,
        "Images": TemplateCells.images,
        "Selector": { object, _ in
            let text = TemplateCells.selector(object) ?? ""
            return .string(text.isEmpty ? Cells.none : text)
        },
    ]

    static let hooks: KindHooks = {
        var hooks = KindHooks()
        hooks.setDefaults = { PodDefaults.setTemplateDefaults(&$0) }
        hooks.validateCreate = { ReplicaSetRules.spec($0.child("spec")) }
        hooks.validateUpdate = { object, old, subresource in
            if subresource == "status" { return ReplicaSetRules.status(object.child("status")) }
            let spec = object.child("spec")
            return ReplicaSetRules.spec(spec)
                + Rules.unchanged(spec["selector"], old.child("spec")["selector"], FieldPath("spec").child("selector"))
        }
        hooks.warnings = { PodWarnings.template(of: $0) }
        return hooks
    }()
}

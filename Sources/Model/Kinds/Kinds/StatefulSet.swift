internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// Pods with a stable name, place in the order, and storage. Its name becomes part of host names.
    static let statefulSet = BuiltinKind(
        .statefulSets, nameRule: .label, subresources: ["scale", "status"], cells: StatefulSetKind.cells,
        hooks: StatefulSetKind.hooks)
}

private enum StatefulSetKind {
    static let cells: [String: Cell] = [
        "Name": Cells.name,
        "Ready": { object, _ in
            let set = StatefulSetView(object)
            return .string("\(set.status.readyReplicas)/\(set.replicas)")
        },
        "Age": Cells.age,
        "Containers": TemplateCells.containers,
        "Images": TemplateCells.images,
    ]

    static let hooks: KindHooks = {
        var hooks = KindHooks()
        hooks.setDefaults = { PodDefaults.setTemplateDefaults(&$0) }
        hooks.validateCreate = { StatefulSetRules.spec($0.child("spec"), isNew: true) }
        hooks.validateUpdate = { object, old, subresource in
            subresource == "status"
                ? StatefulSetRules.status(object.child("status"), old.child("status"))
                : StatefulSetRules.spec(object.child("spec"), isNew: false)
                    + StatefulSetRules.changes(object.child("spec"), old.child("spec"))
        }
        hooks.warnings = { object in
            let spec = object.child("spec")
            let limit = spec.number("revisionHistoryLimit") ?? 0
            return PodWarnings.warnings(
                spec.child("template").child("spec"), FieldPath("spec").child("template").child("spec"))
                + (limit < 0
                    ? [
                        "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is "
                            + "recommended"
                    ] : [])
        }
        return hooks
    }()
}

internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// Equal pods that follow changes of their template. Its name becomes part of theirs.
    static let deployment = BuiltinKind(
        .deployments, subresources: ["scale", "status"], cells: DeploymentKind.cells, hooks: DeploymentKind.hooks)
}

private enum DeploymentKind {
    static let cells: [String: Cell] = [
        "Name": Cells.name,
        "Ready": { object, _ in
            let ready = object.child("status").number("readyReplicas") ?? 0
            return .string("\(ready)/\(object.child("spec").number("replicas") ?? 0)")
        },
        "Up-to-date": TemplateCells.count("status", "updatedReplicas"),
        "Available": TemplateCells.count("status", "availableReplicas"),
        "Age": Cells.age,
        "Containers": TemplateCells.containers,
        "Images": TemplateCells.images,
        "Selector": { object, _ in
            let isAbsent = object.child("spec").object("selector") == nil
            return .string(TemplateCells.selector(object) ?? (isAbsent ? "" : "<invalid>"))
        },
    ]

    static let hooks: KindHooks = {
        var hooks = KindHooks()
        hooks.setDefaults = { PodDefaults.setTemplateDefaults(&$0) }
        hooks.prepareForUpdate = { object, old, _ in
            // Annotations are copied to ReplicaSets, so the controller has something to do when they change.
            guard object.annotations != old.annotations else { return }
            let generation = old.child("metadata").number("generation") ?? 0
            object["metadata", "generation"] = .integer(Int64(generation.addingSaturating(1)))
        }
        hooks.prepareForStatusUpdate = { object, old in
            object["metadata", "labels"] = old["metadata", "labels"]
        }
        hooks.validateCreate = { DeploymentRules.spec($0.child("spec")) }
        hooks.validateUpdate = { object, old, subresource in
            if subresource == "status" {
                return DeploymentRules.status(object.child("status"), old.child("status"))
            }
            let spec = object.child("spec")
            return DeploymentRules.spec(spec)
                + Rules.unchanged(spec["selector"], old.child("spec")["selector"], FieldPath("spec").child("selector"))
        }
        hooks.warnings = { PodWarnings.template(of: $0) }
        return hooks
    }()
}

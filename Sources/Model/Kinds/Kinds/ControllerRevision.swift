internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// A remembered state of a controller's template.
    static let controllerRevision = BuiltinKind(
        .controllerRevisions, cells: ControllerRevisionKind.cells, hooks: ControllerRevisionKind.hooks)
}

private enum ControllerRevisionKind {
    static let cells: [String: Cell] = [
        "Name": Cells.name,
        "Controller": { object, _ in
            guard let owner = ObjectMetadata(object).controller else { return .string(Cells.none) }
            let group = GroupVersion(apiVersion: owner.apiVersion)?.group ?? ""
            let kind = group.isEmpty ? owner.kind : "\(owner.kind).\(group)"
            return .string("\(kind.lowercased())/\(owner.name)")
        },
        "Revision": { object, _ in .integer(Int64(object.number("revision") ?? 0)) },
        "Age": Cells.age,
    ]

    static let hooks: KindHooks = {
        var hooks = KindHooks()
        hooks.validateCreate = { object in
            var errors = Rules.nonNegative(object["revision"], FieldPath("revision"))
            switch object["data"] {
            case nil, .null?: errors.append(Rules.required(FieldPath("data"), "data is mandatory"))
            case .object?: break
            default: errors.append(Rules.required(FieldPath("data"), "data must be a valid JSON object"))
            }
            return errors
        }
        hooks.validateUpdate = { object, old, _ in
            Rules.nonNegative(object["revision"], FieldPath("revision"))
                + (object["data"] == old["data"]
                    ? [] : [Rules.invalid(FieldPath("data"), object.child("data"), Rules.immutable)])
        }
        return hooks
    }()
}

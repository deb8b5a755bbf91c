internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// Who leads, and until when.
    static let lease = BuiltinKind(
        .leases,
        cells: ["Name": Cells.name, "Holder": Cells.text("spec", "holderIdentity"), "Age": Cells.age],
        hooks: LeaseKind.hooks)
}

private enum LeaseKind {
    static let hooks: KindHooks = {
        var hooks = KindHooks()
        hooks.validateCreate = { validate($0.child("spec")) }
        hooks.validateUpdate = { object, _, _ in validate(object.child("spec")) }
        return hooks
    }()

    private static func validate(_ spec: Value) -> [FieldError] {
        let path = FieldPath("spec")
        var errors: [FieldError] = []
        if let seconds = spec.number("leaseDurationSeconds"), seconds <= 0 {
            errors.append(
                Rules.invalid(path.child("leaseDurationSeconds"), .integer(Int64(seconds)), "must be greater than 0"))
        }
        errors += Rules.nonNegative(spec["leaseTransitions"], path.child("leaseTransitions"))
        if !spec.text("preferredHolder").isEmpty, spec.text("strategy").isEmpty {
            errors.append(
                Rules.forbidden(path.child("preferredHolder"), "may only be specified if `strategy` is defined"))
        }
        return errors
    }
}

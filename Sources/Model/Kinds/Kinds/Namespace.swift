internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// Everything else lives in one. It goes when it and `spec.finalizers` are empty.
    static let namespace = BuiltinKind(
        .namespaces, nameRule: .label, subresources: ["finalize", "status"], cells: NamespaceKind.cells,
        hooks: NamespaceKind.hooks)
}

private enum NamespaceKind {
    static let nameLabel = "kubernetes.io/metadata.name"

    static let cells: [String: Cell] = [
        "Name": Cells.name, "Status": Cells.text("status", "phase"), "Age": Cells.age,
    ]

    static let hooks: KindHooks = {
        var hooks = KindHooks()
        hooks.setDefaults = { setNameLabel(&$0) }
        hooks.prepareForCreate = { object, _ in
            setNameLabel(&object)
            object["status"] = ["phase": "Active"]
            var finalizers = object.child("spec").texts("finalizers")
            if !finalizers.contains("kubernetes") { finalizers.append("kubernetes") }
            object["spec", "finalizers"] = .array(finalizers.map { .string($0) })
        }
        hooks.prepareForUpdate = { object, old, _ in
            object.set(["spec", "finalizers"], to: old["spec"]?["finalizers"])
        }
        hooks.validateCreate = { finalizers($0) }
        hooks.validateUpdate = { object, _, subresource in
            subresource == "status" ? status(object) : finalizers(object)
        }
        hooks.warnings = { namespace in
            let prefix = "pod-security.kubernetes.io/"
            let ignored = namespace.labels.keys.filter { $0.hasPrefix(prefix) && !$0.hasSuffix("-version") }
            return ignored.sorted().map { "label \"\($0)\" has no effect: pod security standards are not enforced" }
        }
        hooks.prepareForDelete = { object, _ in object["status", "phase"] = "Terminating" }
        hooks.holdsRemoval = { !$0.child("spec").texts("finalizers").isEmpty }
        return hooks
    }()

    private static func setNameLabel(_ object: inout Value) {
        guard !object.name.isEmpty else { return }
        object["metadata", "labels", nameLabel] = .string(object.name)
    }

    private static func finalizers(_ object: Value) -> [FieldError] {
        let path = FieldPath("spec").child("finalizers")
        return object.child("spec").texts("finalizers").flatMap { name -> [FieldError] in
            let isStandard = ["kubernetes", "orphan", "foregroundDeletion"].contains(name)
            return Rules.qualifiedName(name, path)
                + (name.contains("/") || isStandard
                    ? []
                    : [
                        Rules.invalid(
                            path, .string(name), "name is neither a standard finalizer name nor is it fully qualified")
                    ])
        }
    }

    private static func status(_ object: Value) -> [FieldError] {
        let phase = object.child("status").text("phase")
        let expected = object.isBeingDeleted ? "Terminating" : "Active"
        guard phase != expected else { return [] }
        return [
            Rules.invalid(
                FieldPath("status").child("Phase"), .string(phase),
                "may only be '\(expected)' if `deletionTimestamp` is \(object.isBeingDeleted ? "not " : "")empty")
        ]
    }
}

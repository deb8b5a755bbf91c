internal import ObjectModel
internal import Schema

/// The rules that metadata keeps in every kind (apimachinery `ValidateObjectMeta`).
enum MetadataRules {
    private static let path = FieldPath("metadata")
    /// The most bytes that keys and values of annotations may have together.
    static let maximumAnnotations = 256 << 10
    /// Finalizers that tell the garbage collector what to do with dependents.
    static let orphanFinalizer = "orphan"
    static let foregroundFinalizer = "foregroundDeletion"

    /// The broken rules of an object's metadata; the name exists already.
    static func errors(of object: Value, kind: KindDefinition) -> [FieldError] {
        nameErrors(object, kind) + namespaceErrors(object, kind) + labelErrors(object) + annotationErrors(object)
            + ownerErrors(object) + finalizerErrors(object)
    }

    /// The broken rules of a change of metadata.
    static func errors(of object: Value, replacing old: Value) -> [FieldError] {
        var errors: [FieldError] = []
        if old.isBeingDeleted {
            let added = Set(object.finalizers).subtracting(old.finalizers).sorted()
            if !added.isEmpty {
                let list = added.map { "\"\($0)\"" }.joined(separator: ", ")
                errors.append(
                    FieldError(
                        .forbidden, "metadata.finalizers", nil,
                        "no new finalizers can be added if the object is being deleted, found new finalizers "
                            + "[]string{\(list)}"))
            }
        }
        for field in ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"]
        where object["metadata"]?[field] ?? .null != old["metadata"]?[field] ?? .null {
            errors.append(
                FieldError(.invalid, "metadata.\(field)", object["metadata"]?[field] ?? .null, "field is immutable"))
        }
        return errors
    }

    private static func nameErrors(_ object: Value, _ kind: KindDefinition) -> [FieldError] {
        let name = object.name
        guard !name.isEmpty else {
            return [FieldError(.required, "metadata.name", nil, "name or generateName is required")]
        }
        var errors: [FieldError] = []
        if let problem = problem(name, kind.rules.nameRule) {
            errors.append(FieldError(.invalid, "metadata.name", .string(name), problem))
        }
        return errors
    }

    private static func problem(_ name: String, _ rule: KindRules.NameRule) -> String? {
        switch rule {
        case .subdomain: return NameRules.dns1123Subdomain(name)
        case .label: return NameRules.dns1123Label(name)
        case .serviceLabel: return NameRules.dns1035Label(name)
        case .pathSegment:
            if name == "." || name == ".." { return "may not be '\(name)'" }
            for text in ["/", "%"] where name.contains(text) { return "may not contain '\(text)'" }
            return nil
        }
    }

    private static func namespaceErrors(_ object: Value, _ kind: KindDefinition) -> [FieldError] {
        let namespace = object.namespace
        guard kind.isNamespaced else {
            guard !namespace.isEmpty else { return [] }
            return [FieldError(.forbidden, "metadata.namespace", nil, "not allowed on this type")]
        }
        guard !namespace.isEmpty else { return [FieldError(.required, "metadata.namespace")] }
        guard let problem = NameRules.dns1123Label(namespace) else { return [] }
        return [FieldError(.invalid, "metadata.namespace", .string(namespace), problem)]
    }

    private static func labelErrors(_ object: Value) -> [FieldError] {
        let labels = path.child("labels").description
        return object.labels.sorted { $0.key < $1.key }.flatMap { key, value in
            NameRules.qualifiedName(key).map { FieldError(.invalid, labels, .string(key), $0) }
                + NameRules.labelValue(value).map { FieldError(.invalid, labels, .string(value), $0) }
        }
    }

    private static func annotationErrors(_ object: Value) -> [FieldError] {
        let annotations = object.annotations
        let field = path.child("annotations").description
        var errors = annotations.keys.sorted().flatMap { key in
            NameRules.qualifiedName(key.lowercased()).map { FieldError(.invalid, field, .string(key), $0) }
        }
        let length = annotations.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        if length > maximumAnnotations {
            errors.append(
                FieldError(.tooLong, field, nil, "may not be more than \(maximumAnnotations) bytes"))
        }
        return errors
    }

    private static func ownerErrors(_ object: Value) -> [FieldError] {
        let owners = object["metadata"]?["ownerReferences"]?.array ?? []
        let field = path.child("ownerReferences")
        var errors: [FieldError] = []
        for owner in owners {
            for (key, problem) in [
                ("apiVersion", "version must not be empty"), ("kind", "must not be empty"),
                ("name", "must not be empty"), ("uid", "must not be empty"),
            ] where owner[key]?.string ?? "" == "" {
                errors.append(FieldError(.invalid, field.child(key).description, "", problem))
            }
        }
        let controllers = owners.filter { $0["controller"]?.bool == true }
        if controllers.count > 1 {
            let names = controllers.prefix(2).map { "\($0["kind"]?.string ?? "")/\($0["name"]?.string ?? "")" }
            errors.append(
                FieldError(
                    .invalid, field.description, .array(owners),
                    "Only one reference can have Controller set to true. Found \"true\" in references for \(names[0]) "
                        + "and \(names[1])"))
        }
        return errors
    }

    private static func finalizerErrors(_ object: Value) -> [FieldError] {
        let finalizers = object.finalizers
        let field = path.child("finalizers").description
        var errors = finalizers.flatMap { name in
            NameRules.qualifiedName(name).map { FieldError(.invalid, field, .string(name), $0) }
        }
        if finalizers.contains(orphanFinalizer), finalizers.contains(foregroundFinalizer) {
            errors.append(
                FieldError(
                    .invalid, field, .array(finalizers.map(Value.string)),
                    "finalizer \(orphanFinalizer) and \(foregroundFinalizer) cannot be both set"))
        }
        return errors
    }
}

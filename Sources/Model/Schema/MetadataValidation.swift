package import ObjectModel

/// The rules of `metadata`, the same for all kinds (upstream's `ValidateObjectMeta` and `ValidateObjectMetaUpdate`).
package enum MetadataValidation {
    /// The bytes that all annotations together may have.
    package static let maximumAnnotationsSize = 256 * 1024

    private static let metadata = FieldPath("metadata")
    private static let standardFinalizers: Set = ["kubernetes", "orphan", "foregroundDeletion"]

    /// All broken rules of a new object's metadata; its name is already generated.
    package static func validateCreate(_ object: Value, kind: KindDefinition) -> [FieldError] {
        let value = object["metadata"] ?? .null
        var errors: [FieldError] = []
        let prefix = value["generateName"]?.string ?? ""
        if !prefix.isEmpty, let problem = kind.rules.nameRule.problem(with: masked(prefix)) {
            errors.append(FieldError(.invalid, "metadata.generateName", .string(prefix), problem))
        }
        if object.name.isEmpty {
            errors.append(FieldError(.required, "metadata.name", nil, "name or generateName is required"))
        } else if let problem = kind.rules.nameRule.problem(with: object.name) {
            errors.append(FieldError(.invalid, "metadata.name", .string(object.name), problem))
        }
        errors += namespace(object.namespace, of: kind)
        errors += common(value)
        return errors + finalizers(value)
    }

    /// All broken rules of a change of metadata. A field that the new object leaves out counts as unchanged.
    package static func validateUpdate(_ object: Value, old: Value, kind: KindDefinition) -> [FieldError] {
        let value = object["metadata"] ?? .null
        let before = old["metadata"] ?? .null
        var errors: [FieldError] = []
        if old.isBeingDeleted {
            let known = Set(old.finalizers)
            let added = Set(object.finalizers).subtracting(known).sorted()
            if !added.isEmpty {
                let list = added.map { "\"\($0)\"" }.joined(separator: ", ")
                errors.append(
                    FieldError(
                        .forbidden, "metadata.finalizers", nil,
                        "no new finalizers can be added if the object is being deleted, found new finalizers "
                            + "[]string{\(list)}"))
            }
        }
        if kind.rules.requiresRevisionOnPut, (value["resourceVersion"]?.string ?? "").isEmpty {
            errors.append(
                FieldError(.invalid, "metadata.resourceVersion", "", "must be specified for an update"))
        }
        for key in ["name", "namespace", "uid", "deletionGracePeriodSeconds"] {
            guard let now = value[key], !now.isNull, now != before[key] ?? emptyValue(like: now) else { continue }
            errors.append(FieldError(.invalid, "metadata.\(key)", now, "field is immutable"))
        }
        for key in ["creationTimestamp", "deletionTimestamp"] {
            guard let now = value[key]?.string, Timestamp(now) != before[key]?.string.flatMap({ Timestamp($0) }) else {
                continue
            }
            errors.append(FieldError(.invalid, "metadata.\(key)", .string(now), "field is immutable"))
        }
        return errors + common(value) + finalizers(value)
    }

    /// The broken rules of a map of labels at `path`.
    package static func labels(_ map: Value?, _ path: FieldPath) -> [FieldError] {
        (map?.fields ?? Fields()).flatMap { field -> [FieldError] in
            let text = field.value.string ?? ""
            return NameRules.qualifiedName(field.key).map {
                FieldError(.invalid, path.description, .string(field.key), $0)
            } + NameRules.labelValue(text).map { FieldError(.invalid, path.description, .string(text), $0) }
        }
    }

    /// The broken rules of a map of annotations at `path`.
    package static func annotations(_ map: Value?, _ path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        var size = 0
        for field in map?.fields ?? Fields() {
            size += field.key.utf8.count + (field.value.string?.utf8.count ?? 0)
            errors += NameRules.qualifiedName(field.key.lowercased()).map {
                FieldError(.invalid, path.description, .string(field.key), $0)
            }
        }
        if size > maximumAnnotationsSize {
            errors.append(
                FieldError(.tooLong, path.description, nil, "may not be more than \(maximumAnnotationsSize) bytes"))
        }
        return errors
    }

    private static func emptyValue(like value: Value) -> Value { value.string == nil ? .null : "" }

    private static func namespace(_ namespace: String, of kind: KindDefinition) -> [FieldError] {
        guard kind.isNamespaced else {
            return namespace.isEmpty
                ? [] : [FieldError(.forbidden, "metadata.namespace", nil, "not allowed on this type")]
        }
        if namespace.isEmpty { return [FieldError(.required, "metadata.namespace")] }
        return NameRules.dns1123Label(namespace).map {
            [FieldError(.invalid, "metadata.namespace", .string(namespace), $0)]
        } ?? []
    }

    private static func common(_ value: Value) -> [FieldError] {
        labels(value["labels"], metadata.child("labels"))
            + annotations(value["annotations"], metadata.child("annotations"))
            + owners(value["ownerReferences"]?.array ?? [], metadata.child("ownerReferences"))
    }

    private static func owners(_ owners: [Value], _ path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        var controller: String?
        var isTold = false
        for owner in owners {
            let apiVersion = owner["apiVersion"]?.string ?? ""
            if apiVersion.isEmpty || apiVersion.hasSuffix("/") {
                errors.append(
                    FieldError(
                        .invalid, path.child("apiVersion").description, .string(apiVersion),
                        "version must not be empty"))
            }
            for key in ["kind", "name", "uid"] where (owner[key]?.string ?? "").isEmpty {
                errors.append(FieldError(.invalid, path.child(key).description, "", "must not be empty"))
            }
            guard owner["controller"]?.bool == true else { continue }
            let current = "\(owner["kind"]?.string ?? "")/\(owner["name"]?.string ?? "")"
            guard let first = controller else {
                controller = current
                continue
            }
            // Once says it: each error carries all the owners.
            guard !isTold else { continue }
            isTold = true
            errors.append(
                FieldError(
                    .invalid, path.description, .array(owners),
                    "Only one reference can have Controller set to true. Found \"true\" in references for \(first) and "
                        + current))
        }
        return errors
    }

    private static func finalizers(_ value: Value) -> [FieldError] {
        let path = metadata.child("finalizers")
        let names = value["finalizers"]?.array?.compactMap(\.string) ?? []
        var errors = names.flatMap { name in
            NameRules.qualifiedName(name).map { FieldError(.invalid, path.description, .string(name), $0) }
        }
        if names.contains("orphan"), names.contains("foregroundDeletion") {
            errors.append(
                FieldError(
                    .invalid, path.description, .array(names.map { .string($0) }),
                    "finalizer orphan and foregroundDeletion cannot be both set"))
        }
        for (index, name) in names.enumerated() where !name.contains("/") && !standardFinalizers.contains(name) {
            errors.append(
                FieldError(
                    .invalid, path.index(index).description, .string(name),
                    "name is neither a standard finalizer name nor is it fully qualified"))
        }
        return errors
    }

    /// Text will follow a name's prefix, so a dash at its end is no fault.
    private static func masked(_ prefix: String) -> String {
        prefix.count > 1 && prefix.hasSuffix("-") ? String(prefix.dropLast(2)) + "a" : prefix
    }
}

extension KindRules.NameRule {
    /// What is wrong with a name; nil when it is right.
    package func problem(with name: String) -> String? {
        switch self {
        case .subdomain: return NameRules.dns1123Subdomain(name)
        case .label: return NameRules.dns1123Label(name)
        case .serviceLabel: return NameRules.dns1035Label(name)
        case .pathSegment:
            if name == "." || name == ".." { return "may not be '\(name)'" }
            return ["/", "%"].first { name.contains($0) }.map { "may not contain '\($0)'" }
        }
    }
}

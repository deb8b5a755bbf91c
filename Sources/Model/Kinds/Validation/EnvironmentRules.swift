internal import ObjectModel

/// The rules of `env` and `envFrom`.
enum EnvironmentRules {
    private static let fieldPaths = [
        "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
        "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
    ]
    private static let resourceNames = [
        "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage",
        "requests.memory",
    ]
    private static let sourceKeys = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"]

    static func variables(_ variables: [Value], _ path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        for (index, variable) in variables.enumerated() {
            let itemPath = path.index(index)
            let name = variable.text("name")
            errors +=
                name.isEmpty ? [Rules.required(itemPath.child("name"))] : variableName(name, itemPath.child("name"))
            guard let source = variable.object("valueFrom") else { continue }
            errors += valueSource(source, value: variable.text("value"), itemPath.child("valueFrom"))
        }
        return errors
    }

    static func sources(_ sources: [Value], _ path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        for (index, source) in sources.enumerated() {
            let itemPath = path.index(index)
            if !source.text("prefix").isEmpty {
                errors += variableName(source.text("prefix"), itemPath.child("prefix"))
            }
            let given = ["configMapRef", "secretRef"].filter { source.object($0) != nil }
            for key in given {
                let name = source.child(key).text("name")
                let namePath = itemPath.child(key).child("name")
                errors += name.isEmpty ? [Rules.required(namePath)] : Rules.subdomain(name, namePath)
            }
            if given.isEmpty {
                errors.append(Rules.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`"))
            } else if given.count > 1 {
                errors.append(Rules.invalid(path, "", "may not have more than one field specified at a time"))
            }
        }
        return errors
    }

    private static func variableName(_ name: String, _ path: FieldPath) -> [FieldError] {
        let isPrintable = name.utf8.allSatisfy { (32...126).contains($0) && $0 != UInt8(ascii: "=") }
        guard !isPrintable else { return [] }
        return [
            Rules.invalid(
                path, .string(name),
                "a valid environment variable name must consist only of printable ASCII characters other than '='")
        ]
    }

    private static func valueSource(_ source: Value, value: String, _ path: FieldPath) -> [FieldError] {
        let given = sourceKeys.filter { source.object($0) != nil }
        var errors = given.flatMap { key -> [FieldError] in
            let reference = source.child(key)
            let referencePath = path.child(key)
            return switch key {
            case "fieldRef": fieldReference(reference, referencePath)
            case "resourceFieldRef": resourceReference(reference, referencePath)
            case "fileKeyRef": []
            default: keyReference(reference, referencePath)
            }
        }
        if given.isEmpty {
            errors.append(
                Rules.invalid(
                    path, "",
                    "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or "
                        + "`fileKeyRef`"))
        } else if !value.isEmpty {
            errors.append(Rules.invalid(path, "", "may not be specified when `value` is not empty"))
        } else if given.count > 1 {
            errors.append(Rules.invalid(path, "", "may not have more than one field specified at a time"))
        }
        return errors
    }

    static func fieldReference(_ reference: Value, _ path: FieldPath) -> [FieldError] {
        let text = reference.text("fieldPath")
        if text.isEmpty { return [Rules.required(path.child("fieldPath"))] }
        if text.hasSuffix("']"), let open = text.firstIndex(of: "["), text[open...].hasPrefix("['") {
            let key = String(text[open...].dropFirst(2).dropLast(2))
            switch text[..<open] {
            case "metadata.annotations": return Rules.qualifiedName(key.lowercased(), path)
            case "metadata.labels": return Rules.qualifiedName(key, path)
            default: return [Rules.invalid(path, .string(String(text[..<open])), "does not support subscript")]
            }
        }
        return fieldPaths.contains(text)
            ? [] : [Rules.unsupported(path.child("fieldPath"), .string(text), fieldPaths)]
    }

    private static func resourceReference(_ reference: Value, _ path: FieldPath) -> [FieldError] {
        let name = reference.text("resource")
        if name.isEmpty { return [Rules.required(path.child("resource"))] }
        let isHugePages = name.hasPrefix("limits.hugepages-") || name.hasPrefix("requests.hugepages-")
        return isHugePages || resourceNames.contains(name)
            ? [] : [Rules.unsupported(path.child("resource"), .string(name), resourceNames)]
    }

    private static func keyReference(_ reference: Value, _ path: FieldPath) -> [FieldError] {
        let key = reference.text("key")
        return Rules.subdomain(reference.text("name"), path.child("name"))
            + (key.isEmpty ? [Rules.required(path.child("key"))] : Rules.configKey(key, path.child("key")))
    }
}

internal import ObjectModel

/// The rules of what a pod says about where it runs.
enum SchedulingRules {
    private static let effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"]

    static func tolerations(_ tolerations: [Value], _ path: FieldPath) -> [FieldError] {
        tolerations.enumerated().flatMap { toleration($1, path.index($0)) }
    }

    private static func toleration(_ toleration: Value, _ path: FieldPath) -> [FieldError] {
        let key = toleration.text("key")
        let comparison = toleration.text("operator")
        let value = toleration.text("value")
        let effect = toleration.text("effect")
        var errors = key.isEmpty ? [] : Rules.qualifiedName(key, path.child("key"))
        if key.isEmpty, comparison != "Exists" {
            errors.append(
                Rules.invalid(
                    path.child("operator"), .string(comparison),
                    "operator must be Exists when `key` is empty, which means \"match all values and all keys\""))
        }
        if toleration.number("tolerationSeconds") != nil, effect != "NoExecute" {
            errors.append(
                Rules.invalid(
                    path.child("effect"), .string(effect), "effect must be 'NoExecute' when `tolerationSeconds` is set")
            )
        }
        switch comparison {
        case "Equal", "":
            let problems = NameRules.labelValue(value)
            if !problems.isEmpty {
                errors.append(
                    Rules.invalid(path.child("operator"), .string(value), problems.joined(separator: ";")))
            }
        case "Exists":
            if !value.isEmpty {
                errors.append(
                    Rules.invalid(
                        path.child("operator"), .string(value), "value must be empty when `operator` is 'Exists'"))
            }
        case "Lt", "Gt":
            errors.append(
                Rules.unsupported(path.child("operator"), .string(comparison), ["Equal", "Exists", "Lt", "Gt"]))
        default:
            errors.append(Rules.unsupported(path.child("operator"), .string(comparison), ["Equal", "Exists"]))
        }
        return errors + (effect.isEmpty ? [] : taintEffect(effect, path.child("effect")))
    }

    static func taintEffect(_ effect: String, _ path: FieldPath) -> [FieldError] {
        effect.isEmpty || effects.contains(effect) ? [] : [Rules.unsupported(path, .string(effect), effects)]
    }

    static func taints(_ taints: [Value], _ path: FieldPath) -> [FieldError] {
        var seen: Set<[String]> = []
        var errors: [FieldError] = []
        for (index, taint) in taints.enumerated() {
            let itemPath = path.index(index)
            let effect = taint.text("effect")
            errors += Rules.qualifiedName(taint.text("key"), itemPath.child("key"))
            let problems = NameRules.labelValue(taint.text("value"))
            if !problems.isEmpty {
                errors.append(
                    Rules.invalid(itemPath.child("value"), taint.child("value"), problems.joined(separator: ";")))
            }
            errors +=
                effect.isEmpty
                ? [Rules.required(itemPath.child("effect"))] : taintEffect(effect, itemPath.child("effect"))
            if !seen.insert([taint.text("key"), effect]).inserted {
                errors.append(
                    FieldError(
                        .duplicate, itemPath.description, taint, "taints must be unique by key and effect pair"))
            }
        }
        return errors
    }

    static func affinity(_ affinity: Value?, _ path: FieldPath) -> [FieldError] {
        guard let affinity else { return [] }
        let required = "requiredDuringSchedulingIgnoredDuringExecution"
        let preferred = "preferredDuringSchedulingIgnoredDuringExecution"
        var errors: [FieldError] = []
        if let node = affinity.object("nodeAffinity") {
            let nodePath = path.child("nodeAffinity")
            if let selector = node.object(required) {
                errors += SelectorRules.nodeSelector(selector, nodePath.child(required))
            }
            for (index, term) in node.items(preferred).enumerated() {
                let itemPath = nodePath.child(preferred).index(index)
                errors += weight(term, itemPath)
                errors += SelectorRules.nodeSelectorTerm(
                    term.child("preference"), itemPath.child("preference"), allowsAnyValue: true)
            }
        }
        for key in ["podAffinity", "podAntiAffinity"] {
            let rules = affinity.child(key)
            for (index, term) in rules.items(required).enumerated() {
                errors += podAffinityTerm(term, path.child(key).child(required).index(index))
            }
            for (index, term) in rules.items(preferred).enumerated() {
                let itemPath = path.child(key).child(preferred).index(index)
                errors += weight(term, itemPath)
                errors += podAffinityTerm(term.child("podAffinityTerm"), itemPath.child("podAffinityTerm"))
            }
        }
        return errors
    }

    private static func weight(_ term: Value, _ path: FieldPath) -> [FieldError] {
        let weight = term.number("weight") ?? 0
        guard !(1...100).contains(weight) else { return [] }
        return [Rules.invalid(path.child("weight"), .integer(Int64(weight)), "must be in the range 1-100")]
    }

    private static func podAffinityTerm(_ term: Value, _ path: FieldPath) -> [FieldError] {
        var errors = SelectorRules.labelSelector(term["labelSelector"], path.child("labelSelector"))
        errors += SelectorRules.labelSelector(term["namespaceSelector"], path.child("namespaceSelector"))
        for name in term.texts("namespaces") { errors += Rules.label(name, path.child("namespace")) }
        errors += labelKeys(term, path)
        if term.text("topologyKey").isEmpty {
            errors.append(Rules.required(path.child("topologyKey"), "can not be empty"))
        }
        return errors + Rules.qualifiedName(term.text("topologyKey"), path.child("topologyKey"))
    }

    /// matchLabelKeys and mismatchLabelKeys (upstream's `ValidateMatchLabelKeysAndMismatchLabelKeys`). A pod's matchLabelKeys
    /// are in its selector already, so a key given twice shows as an expression whose key is there before. Such an error has
    /// the index of the key after the path of the term, as upstream.
    private static func labelKeys(_ term: Value, _ path: FieldPath) -> [FieldError] {
        let selector = term.object("labelSelector")
        let matching = term.texts("matchLabelKeys")
        var errors: [FieldError] = []
        for field in ["matchLabelKeys", "mismatchLabelKeys"] where !term.texts(field).isEmpty {
            if selector == nil {
                errors.append(
                    Rules.forbidden(path.child(field), "must not be specified when labelSelector is not set"))
                continue
            }
            errors += term.texts(field).enumerated().flatMap {
                Rules.qualifiedName($1, path.child(field).index($0))
            }
        }
        var seen = Set((selector?.child("matchLabels").fields ?? Fields()).map(\.key))
        for expression in selector?.items("matchExpressions") ?? [] {
            let key = expression.text("key")
            if !seen.insert(key).inserted, let index = matching.lastIndex(of: key) {
                errors.append(
                    Rules.invalid(
                        path.index(index), .string(key), "exists in both matchLabelKeys and labelSelector"))
            }
        }
        let mismatching = Set(term.texts("mismatchLabelKeys"))
        for (index, key) in matching.enumerated() where mismatching.contains(key) {
            errors.append(
                Rules.invalid(
                    path.child("matchLabelKeys").index(index), .string(key),
                    "exists in both matchLabelKeys and mismatchLabelKeys"))
        }
        return errors
    }

    static func topologySpread(_ constraints: [Value], _ path: FieldPath) -> [FieldError] {
        let kinds = constraints.map { "{\($0.text("topologyKey")), \($0.text("whenUnsatisfiable"))}" }
        let last = Dictionary(zip(kinds, kinds.indices)) { $1 }
        return constraints.enumerated().flatMap { index, constraint -> [FieldError] in
            let itemPath = path.index(index)
            let action = constraint.text("whenUnsatisfiable")
            var errors = positive(constraint.number("maxSkew") ?? 0, itemPath.child("maxSkew"))
            if constraint.text("topologyKey").isEmpty {
                errors.append(Rules.required(itemPath.child("topologyKey"), "can not be empty"))
            }
            if !spreadActions.contains(action) {
                errors.append(
                    Rules.unsupported(itemPath.child("whenUnsatisfiable"), .string(action), spreadActions))
            }
            if last[kinds[index], default: index] > index {
                errors.append(
                    Rules.duplicate(itemPath.child("{topologyKey, whenUnsatisfiable}"), .string(kinds[index])))
            }
            errors += minDomains(constraint, itemPath.child("minDomains"))
            for field in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
                guard let policy = constraint[field]?.string, !["Honor", "Ignore"].contains(policy) else { continue }
                errors.append(
                    Rules.unsupported(itemPath.child(field), .string(policy), ["Honor", "Ignore"]))
            }
            errors += labelKeys(constraint, itemPath)
            return errors + SelectorRules.labelSelector(constraint["labelSelector"], itemPath.child("labelSelector"))
        }
    }

    private static let spreadActions = ["DoNotSchedule", "ScheduleAnyway"]

    private static func minDomains(_ constraint: Value, _ path: FieldPath) -> [FieldError] {
        guard let number = constraint.number("minDomains") else { return [] }
        let action = constraint.text("whenUnsatisfiable")
        guard action != "DoNotSchedule" else { return positive(number, path) }
        return positive(number, path) + [
            Rules.invalid(
                path, .integer(Int64(number)),
                "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not \(action)")
        ]
    }

    private static func positive(_ number: Int, _ path: FieldPath) -> [FieldError] {
        number > 0 ? [] : [Rules.invalid(path, .integer(Int64(number)), Rules.notPositive)]
    }

    static func gates(_ gates: [Value], _ path: FieldPath) -> [FieldError] {
        var seen: Set<String> = []
        return gates.enumerated().flatMap { index, gate -> [FieldError] in
            let name = gate.text("name")
            return Rules.qualifiedName(name, path.index(index))
                + (seen.insert(name).inserted ? [] : [Rules.duplicate(path.index(index), .string(name))])
        }
    }
}

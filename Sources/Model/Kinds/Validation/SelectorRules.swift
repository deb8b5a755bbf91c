internal import ObjectModel
internal import Schema

/// The rules of label selectors and node selectors.
enum SelectorRules {
    /// A metav1.LabelSelector; an absent one breaks no rule.
    static func labelSelector(_ selector: Value?, _ path: FieldPath) -> [FieldError] {
        guard let selector else { return [] }
        var errors = MetadataValidation.labels(selector["matchLabels"], path.child("matchLabels"))
        for (index, expression) in selector.items("matchExpressions").enumerated() {
            errors += requirement(expression, path.child("matchExpressions").index(index), comparesNumbers: false)
        }
        return errors
    }

    /// A NodeSelector.
    static func nodeSelector(_ selector: Value, _ path: FieldPath) -> [FieldError] {
        let terms = selector.items("nodeSelectorTerms")
        let termsPath = path.child("nodeSelectorTerms")
        if terms.isEmpty { return [Rules.required(termsPath, "must have at least one node selector term")] }
        return terms.enumerated().flatMap { nodeSelectorTerm($1, termsPath.index($0)) }
    }

    /// One term of a NodeSelector; a preferred one may have values that no label can have.
    static func nodeSelectorTerm(_ term: Value, _ path: FieldPath, allowsAnyValue: Bool = false) -> [FieldError] {
        let expressions = path.child("matchExpressions")
        let fields = path.child("matchFields")
        return term.items("matchExpressions").enumerated().flatMap {
            requirement($1, expressions.index($0), comparesNumbers: true, allowsAnyValue: allowsAnyValue)
        } + term.items("matchFields").enumerated().flatMap { fieldRequirement($1, fields.index($0)) }
    }

    private static func requirement(
        _ value: Value, _ path: FieldPath, comparesNumbers: Bool, allowsAnyValue: Bool = false
    ) -> [FieldError] {
        let comparison = value.text("operator")
        let values = value.texts("values")
        var errors: [FieldError] = []
        switch comparison {
        case "In", "NotIn":
            if values.isEmpty {
                errors.append(
                    Rules.required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'"))
            }
        case "Exists", "DoesNotExist":
            if !values.isEmpty {
                errors.append(
                    Rules.forbidden(
                        path.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
            }
        case "Gt" where comparesNumbers, "Lt" where comparesNumbers:
            if values.count != 1 {
                errors.append(
                    Rules.required(
                        path.child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'"))
            }
        default:
            errors.append(
                Rules.invalid(path.child("operator"), .string(comparison), "not a valid selector operator"))
        }
        errors += Rules.qualifiedName(value.text("key"), path.child("key"))
        if allowsAnyValue { return errors }
        for (index, text) in values.enumerated() {
            errors += NameRules.labelValue(text).map {
                Rules.invalid(path.child("values").index(index), .string(text), $0)
            }
        }
        return errors
    }

    private static func fieldRequirement(_ value: Value, _ path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        let values = value.texts("values")
        switch value.text("operator") {
        case "In", "NotIn":
            if values.count != 1 {
                errors.append(
                    Rules.required(
                        path.child("values"),
                        "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"))
            }
        default:
            errors.append(
                Rules.invalid(
                    path.child("operator"), .string(value.text("operator")), "not a valid selector operator"))
        }
        guard value.text("key") == "metadata.name" else {
            return errors + [
                Rules.invalid(path.child("key"), .string(value.text("key")), "not a valid field selector key")
            ]
        }
        return errors + values.enumerated().flatMap { Rules.subdomain($1, path.child("values").index($0)) }
    }
}

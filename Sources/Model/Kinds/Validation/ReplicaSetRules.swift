internal import ObjectModel

/// The rules of a ReplicaSet, and what a Deployment shares with it.
enum ReplicaSetRules {
    private static let path = FieldPath("spec")

    /// The rules of the spec.
    static func spec(_ spec: Value) -> [FieldError] {
        Rules.nonNegative(spec["replicas"], path.child("replicas"))
            + Rules.nonNegative(spec["minReadySeconds"], path.child("minReadySeconds")) + selection(spec)
    }

    /// The rules of the selector and of the template that it must choose.
    static func selection(_ spec: Value) -> [FieldError] {
        let selectorPath = path.child("selector")
        guard let selector = spec.object("selector") else {
            return [Rules.required(selectorPath), mismatch(spec)] + template(spec.child("template"))
        }
        var errors = SelectorRules.labelSelector(selector, selectorPath)
        if selector.map("matchLabels").isEmpty, selector.items("matchExpressions").isEmpty {
            errors.append(Rules.invalid(selectorPath, selector, "empty selector is invalid for deployment"))
        }
        guard let parsed = LabelSelector(selector) else {
            return errors + [Rules.invalid(selectorPath, selector, "invalid label selector")]
        }
        let labels = spec.child("template").child("metadata").map("labels")
        if !parsed.requirements.isEmpty, !parsed.matches(labels) { errors.append(mismatch(spec)) }
        return errors + template(spec.child("template"))
    }

    private static func mismatch(_ spec: Value) -> FieldError {
        Rules.invalid(
            path.child("template").child("metadata").child("labels"),
            spec.child("template").child("metadata").child("labels"), "`selector` does not match template `labels`")
    }

    private static func template(_ template: Value) -> [FieldError] {
        let templatePath = path.child("template")
        let specPath = templatePath.child("spec")
        let spec = template.child("spec")
        var errors = PodSpecRules.template(template, templatePath)
        let restartPolicy = spec.text("restartPolicy")
        if restartPolicy != "Always" {
            errors.append(Rules.unsupported(specPath.child("restartPolicy"), .string(restartPolicy), ["Always"]))
        }
        if spec.number("activeDeadlineSeconds") != nil {
            errors.append(
                Rules.forbidden(
                    specPath.child("activeDeadlineSeconds"), "activeDeadlineSeconds in ReplicaSet is not Supported"))
        }
        return errors
    }

    /// The rules of the status.
    static func status(_ status: Value) -> [FieldError] {
        counts(
            status,
            ["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"],
            within: ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"])
    }

    /// Counts that are not negative, those of them that may not exceed `replicas`, and the available, which are ready.
    static func counts(_ status: Value, _ all: [String], within: [String]) -> [FieldError] {
        let path = FieldPath("status")
        var errors = (all + ["terminatingReplicas"]).flatMap { Rules.nonNegative(status[$0], path.child($0)) }
        let replicas = status.number("replicas") ?? 0
        for key in within {
            let count = status.number(key) ?? 0
            guard count > replicas else { continue }
            errors.append(
                Rules.invalid(path.child(key), .integer(Int64(count)), "cannot be greater than status.replicas"))
        }
        let available = status.number("availableReplicas") ?? 0
        if available > status.number("readyReplicas") ?? 0 {
            errors.append(
                Rules.invalid(
                    path.child("availableReplicas"), .integer(Int64(available)),
                    "cannot be greater than readyReplicas"))
        }
        return errors
    }
}

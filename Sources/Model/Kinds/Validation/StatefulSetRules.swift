internal import ObjectModel

/// The rules of a StatefulSet.
enum StatefulSetRules {
    private static let path = FieldPath("spec")
    private static let mutableFields = [
        "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
    ]

    /// The rules of the spec. A stored set keeps its Service's name and claim templates, so only new ones are judged.
    static func spec(_ spec: Value, isNew: Bool) -> [FieldError] {
        let policy = spec.text("podManagementPolicy")
        var errors: [FieldError] = []
        if policy.isEmpty {
            errors.append(Rules.required(path.child("podManagementPolicy")))
        } else if !["OrderedReady", "Parallel"].contains(policy) {
            errors.append(
                Rules.invalid(
                    path.child("podManagementPolicy"), .string(policy), "must be 'OrderedReady' or 'Parallel'"))
        }
        errors += strategy(spec.child("updateStrategy"), path.child("updateStrategy"))
        errors += retention(spec.object("persistentVolumeClaimRetentionPolicy"))
        let claims = spec.items("volumeClaimTemplates")
        if isNew {
            for (index, claim) in claims.enumerated() {
                errors += ClaimRules.spec(
                    claim.child("spec"), path.child("volumeClaimTemplates").index(index).child("spec"))
            }
        }
        errors += Rules.nonNegative(spec["replicas"], path.child("replicas"))
        errors += Rules.nonNegative(spec["minReadySeconds"], path.child("minReadySeconds"))
        errors += Rules.nonNegative(spec["ordinals"]?["start"], path.child("ordinals.start"))
        let service = spec.text("serviceName")
        if isNew, !service.isEmpty { errors += Rules.label(service, path.child("serviceName")) }
        errors += selector(spec)
        return errors + template(spec.child("template"), claimNames: Set(claims.map(\.name)))
    }

    private static func strategy(_ strategy: Value, _ path: FieldPath) -> [FieldError] {
        let rolling = strategy.object("rollingUpdate")
        switch strategy.text("type") {
        case "": return [Rules.required(path)]
        case "OnDelete":
            guard let rolling else { return [] }
            return [
                Rules.invalid(path.child("rollingUpdate"), rolling, "only allowed for updateStrategy 'RollingUpdate'")
            ]
        case "RollingUpdate":
            guard let rolling else { return [] }
            let rollingPath = path.child("rollingUpdate")
            return Rules.nonNegative(rolling["partition"], rollingPath.child("partition"))
                + maxUnavailable(rolling["maxUnavailable"], rollingPath.child("maxUnavailable"))
        default: return [Rules.invalid(path, strategy, "must be 'RollingUpdate' or 'OnDelete'")]
        }
    }

    private static func maxUnavailable(_ value: Value?, _ path: FieldPath) -> [FieldError] {
        guard let value, !value.isNull else { return [] }
        var amount = value.int
        if let text = value.string {
            guard text.hasSuffix("%"), let percent = Int(text.dropLast()), percent >= 0 else {
                return [
                    Rules.invalid(
                        path, value,
                        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or "
                            + "'93%', regex used for validation is '[0-9]+%')")
                ]
            }
            if percent > 100 { return [Rules.invalid(path, value, "must not be greater than 100%")] }
            amount = percent
        }
        guard let amount else { return [] }
        if amount < 0 { return [Rules.invalid(path, value, Rules.notNegative)] }
        return amount == 0 ? [Rules.invalid(path, value, "cannot be 0")] : []
    }

    private static func retention(_ policy: Value?) -> [FieldError] {
        guard let policy else { return [] }
        let policyPath = path.child("persistentVolumeClaimRetentionPolicy")
        return ["whenDeleted", "whenScaled"].filter { !["Retain", "Delete"].contains(policy.text($0)) }.map {
            Rules.unsupported(policyPath.child($0), .string(policy.text($0)), ["Retain", "Delete"])
        }
    }

    private static func selector(_ spec: Value) -> [FieldError] {
        let selectorPath = path.child("selector")
        guard let selector = spec.object("selector") else { return [Rules.required(selectorPath)] }
        var errors = SelectorRules.labelSelector(selector, selectorPath)
        if selector.map("matchLabels").isEmpty, selector.items("matchExpressions").isEmpty {
            errors.append(Rules.invalid(selectorPath, selector, "empty selector is invalid for statefulset"))
        }
        guard let parsed = LabelSelector(selector) else {
            return errors + [Rules.invalid(selectorPath, selector, "")]
        }
        let labels = spec.child("template").child("metadata").child("labels")
        if !parsed.requirements.isEmpty, !parsed.matches(labels.stringMap) {
            errors.append(
                Rules.invalid(
                    path.child("template").child("metadata").child("labels"), labels,
                    "`selector` does not match template `labels`"))
        }
        return errors
    }

    private static func template(_ template: Value, claimNames: Set<String>) -> [FieldError] {
        let templatePath = path.child("template")
        let specPath = templatePath.child("spec")
        var judged = template
        judged.updateObject("spec") { spec in
            // The controller sets both in each pod.
            spec["hostname"] = nil
            spec["subdomain"] = nil
        }
        var errors = PodSpecRules.template(judged, templatePath, addedVolumes: claimNames)
        let spec = template.child("spec")
        let restartPolicy = spec.text("restartPolicy")
        if restartPolicy != "Always" {
            errors.append(Rules.unsupported(specPath.child("restartPolicy"), .string(restartPolicy), ["Always"]))
        }
        if spec.number("activeDeadlineSeconds") != nil {
            errors.append(
                Rules.forbidden(
                    specPath.child("activeDeadlineSeconds"),
                    "activeDeadlineSeconds in StatefulSet is not Supported"))
        }
        return errors
    }

    /// What may not change.
    static func changes(_ spec: Value, _ before: Value) -> [FieldError] {
        var masked = spec
        for key in mutableFields { masked[key] = before[key] }
        if Rules.equal(masked, before) { return [] }
        return [
            Rules.forbidden(
                path,
                "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
                    + "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
                    + "'minReadySeconds' are forbidden")
        ]
    }

    /// The rules of the status and of its changes.
    static func status(_ status: Value, _ before: Value) -> [FieldError] {
        let statusPath = FieldPath("status")
        let counts = ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"]
        var errors = (["replicas"] + counts + ["observedGeneration", "collisionCount"]).flatMap {
            Rules.nonNegative(status[$0], statusPath.child($0))
        }
        let replicas = status.number("replicas") ?? 0
        for key in counts {
            let count = status.number(key) ?? 0
            guard count > replicas else { continue }
            errors.append(
                Rules.invalid(
                    statusPath.child(key), .integer(Int64(count)), "cannot be greater than status.replicas"))
        }
        let available = status.number("availableReplicas") ?? 0
        if available > status.number("readyReplicas") ?? 0 {
            errors.append(
                Rules.invalid(
                    statusPath.child("availableReplicas"), .integer(Int64(available)),
                    "cannot be greater than status.readyReplicas"))
        }
        let collisions = status.number("collisionCount") ?? 0
        if collisions < before.number("collisionCount") ?? 0 {
            errors.append(
                Rules.invalid(
                    statusPath.child("collisionCount"), .integer(Int64(collisions)), "cannot be decremented"))
        }
        return errors
    }
}

internal import ObjectModel

/// The rules of a Deployment.
enum DeploymentRules {
    private static let path = FieldPath("spec")

    /// The rules of the spec.
    static func spec(_ spec: Value) -> [FieldError] {
        var errors = Rules.nonNegative(spec["replicas"], path.child("replicas"))
        errors += ReplicaSetRules.selection(spec)
        errors += strategy(spec.child("strategy"), path.child("strategy"))
        for key in ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"] {
            errors += Rules.nonNegative(spec[key], path.child(key))
        }
        if let deadline = spec.number("progressDeadlineSeconds"), deadline <= spec.number("minReadySeconds") ?? 0 {
            errors.append(
                Rules.invalid(
                    path.child("progressDeadlineSeconds"), .integer(Int64(deadline)),
                    "must be greater than minReadySeconds"))
        }
        return errors
    }

    private static func strategy(_ strategy: Value, _ path: FieldPath) -> [FieldError] {
        let rolling = strategy.object("rollingUpdate")
        let rollingPath = path.child("rollingUpdate")
        switch strategy.text("type") {
        case "Recreate":
            guard rolling != nil else { return [] }
            return [Rules.forbidden(rollingPath, "may not be specified when strategy `type` is 'Recreate'")]
        case "RollingUpdate":
            guard let rolling else {
                return [Rules.required(rollingPath, "this should be defaulted and never be nil")]
            }
            return rollingUpdate(rolling, rollingPath)
        default: return [Rules.unsupported(path, strategy, ["Recreate", "RollingUpdate"])]
        }
    }

    private static func rollingUpdate(_ rolling: Value, _ path: FieldPath) -> [FieldError] {
        let unavailablePath = path.child("maxUnavailable")
        let unavailable = rolling["maxUnavailable"] ?? 0
        let surge = rolling["maxSurge"] ?? 0
        var errors = amount(unavailable, unavailablePath) + amount(surge, path.child("maxSurge"))
        if IntOrPercent(unavailable)?.amount ?? 0 == 0, IntOrPercent(surge)?.amount ?? 0 == 0 {
            errors.append(Rules.invalid(unavailablePath, unavailable, "may not be 0 when `maxSurge` is 0"))
        }
        if case .percent(let share)? = IntOrPercent(unavailable), share > 100 {
            errors.append(Rules.invalid(unavailablePath, unavailable, "must not be greater than 100%"))
        }
        return errors
    }

    /// A count or a share that is not negative.
    private static func amount(_ value: Value, _ path: FieldPath) -> [FieldError] {
        if value.string == nil { return Rules.nonNegative(value, path) }
        if IntOrPercent(value) != nil { return [] }
        return [
            Rules.invalid(
                path, value,
                "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', "
                    + "regex used for validation is '[0-9]+%')")
        ]
    }

    /// The rules of the status and of its changes.
    static func status(_ status: Value, _ before: Value) -> [FieldError] {
        var errors = ReplicaSetRules.counts(
            status,
            [
                "observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas",
                "unavailableReplicas", "collisionCount",
            ], within: ["updatedReplicas", "readyReplicas", "availableReplicas"])
        let collisions = status.number("collisionCount") ?? 0
        if collisions < before.number("collisionCount") ?? 0 {
            errors.append(
                Rules.invalid(
                    FieldPath("status").child("collisionCount"), .integer(Int64(collisions)), "cannot be decremented"))
        }
        return errors
    }
}

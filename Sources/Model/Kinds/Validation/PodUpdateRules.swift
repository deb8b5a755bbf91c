internal import ObjectModel

/// What may change in a pod.
enum PodUpdateRules {
    private static let mutableFields =
        "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` "
        + "(only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if "
        + "it was previously negative)"
    private static let specPath = FieldPath("spec")

    static func update(_ new: Value, _ old: Value) -> [FieldError] {
        let spec = new.child("spec")
        let before = old.child("spec")
        var errors: [FieldError] = []
        for key in ["containers", "initContainers"] {
            guard spec.items(key).count == before.items(key).count else {
                return errors + [Rules.forbidden(specPath.child(key), "pod updates may not add or remove containers")]
            }
        }
        errors += deadline(spec, before)
        errors += tolerations(spec.items("tolerations"), before.items("tolerations"))
        let knownGates = Set(before.items("schedulingGates").map { $0.text("name") })
        for (index, gate) in spec.items("schedulingGates").enumerated() where !knownGates.contains(gate.text("name")) {
            errors.append(
                Rules.forbidden(
                    specPath.child("schedulingGates").index(index).child("name"),
                    "only deletion is allowed, but found new scheduling gate '\(gate.text("name"))'"))
        }
        if !Rules.equal(withoutMutableFields(spec, before), before) {
            errors.append(Rules.forbidden(specPath, "pod updates may not change fields other than \(mutableFields)"))
        }
        return errors
    }

    private static func deadline(_ spec: Value, _ before: Value) -> [FieldError] {
        let path = specPath.child("activeDeadlineSeconds")
        let old = before.number("activeDeadlineSeconds")
        guard let new = spec.number("activeDeadlineSeconds") else {
            return old == nil
                ? [] : [Rules.invalid(path, .null, "must not update from a positive integer to nil value")]
        }
        if let old, old < new {
            return [Rules.invalid(path, .integer(Int64(new)), "must be less than or equal to previous value")]
        }
        return []
    }

    private static func tolerations(_ new: [Value], _ old: [Value]) -> [FieldError] {
        func withoutSeconds(_ toleration: Value) -> Value {
            var fields = toleration.fields ?? Fields()
            fields.removeAll { $0.key == "tolerationSeconds" || $0.value == .null || $0.value == "" }
            return .object(fields)
        }
        let kept = Set(new.map(withoutSeconds))
        guard !old.map(withoutSeconds).allSatisfy(kept.contains) else { return [] }
        return [
            Rules.forbidden(
                specPath.child("tolerations"), "existing toleration can not be modified except its tolerationSeconds")
        ]
    }

    /// The new spec with the old values wherever a change is allowed.
    private static func withoutMutableFields(_ spec: Value, _ before: Value) -> Value {
        var masked = spec
        for key in ["containers", "initContainers"] where spec[key] != nil {
            masked[key] = .array(
                zip(spec.items(key), before.items(key)).map { new, old in
                    var container = new
                    container["image"] = old["image"]
                    return container
                })
        }
        for key in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] { masked[key] = before[key] }
        if let old = before.number("terminationGracePeriodSeconds"), old < 0,
            spec.number("terminationGracePeriodSeconds") == 1
        {
            masked["terminationGracePeriodSeconds"] = before["terminationGracePeriodSeconds"]
        }
        if !before.items("schedulingGates").isEmpty {
            // A gated pod may still be narrowed to fewer nodes.
            let old = before.map("nodeSelector")
            let new = spec.map("nodeSelector")
            if old.allSatisfy({ new[$0.key] == $0.value }) { masked["nodeSelector"] = before["nodeSelector"] }
        }
        return masked
    }

    static func status(_ new: Value, _ old: Value) -> [FieldError] {
        let path = FieldPath("status")
        let status = new.child("status")
        let before = old.child("status")
        var errors: [FieldError] = []
        let qosClass = status.text("qosClass")
        if !qosClass.isEmpty, qosClass != before.text("qosClass") {
            errors.append(Rules.invalid(path.child("qosClass"), .string(qosClass), Rules.immutable))
        }
        let restartPolicy = old.child("spec").text("restartPolicy")
        guard restartPolicy == "Never" || restartPolicy == "OnFailure" else { return errors }
        let current = Dictionary(
            status.items("containerStatuses").map { ($0.text("name"), ContainerStatusView($0)) },
            uniquingKeysWith: { $1 })
        for (index, value) in before.items("containerStatuses").enumerated() {
            let ended = ContainerStatusView(value)
            guard let end = ended.termination, let now = current[ended.name], now.termination == nil else { continue }
            if restartPolicy == "OnFailure", end.exitCode != 0 { continue }
            errors.append(
                Rules.forbidden(
                    path.child("containerStatuses").index(index).child("state"),
                    "may not be transitioned to non-terminated state"))
        }
        return errors
    }
}

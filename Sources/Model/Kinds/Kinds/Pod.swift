internal import ObjectModel
internal import Schema

extension BuiltinKind {
    /// Containers that run together on one node.
    static let pod = BuiltinKind(
        .pods, subresources: ["attach", "binding", "eviction", "exec", "log", "portforward", "status"],
        cells: PodCells.all,
        hooks: PodKind.hooks)
}

private enum PodKind {
    static let hooks: KindHooks = {
        var hooks = KindHooks()
        hooks.setDefaults = { object in
            object.updateObject("spec") {
                PodDefaults.setSpecDefaults(&$0)
                PodDefaults.setPodDefaults(&$0)
            }
        }
        hooks.prepareForCreate = { object, _ in
            object["status"] = initialStatus(object.child("spec"))
            let labels = object.child("metadata").map("labels")
            object.updateObject("spec") { PodLabelKeys.merge(into: &$0, labels: labels) }
        }
        hooks.prepareForStatusUpdate = { object, old in
            object["metadata", "ownerReferences"] = old["metadata", "ownerReferences"]
            // Agents that do not know these leave them out.
            for key in ["qosClass", "observedGeneration"] {
                if object["status"]?[key]?.isEmpty ?? true, let value = old["status"]?[key] {
                    object["status", key] = value
                }
            }
            recordReadiness(&object)
        }
        hooks.validateCreate = { validate($0) }
        hooks.validateUpdate = { object, old, subresource in
            switch subresource {
            case "": validate(object) + PodUpdateRules.update(object, old)
            case "status": PodUpdateRules.status(object, old)
            // Binding and eviction keep their own rules: they change what users may not.
            default: []
            }
        }
        hooks.warnings = { object in
            let hostname = NameRules.dns1123Label(object.name).map {
                [
                    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS "
                        + "label is recommended: [\($0)]"
                ]
            }
            return (hostname ?? []) + PodWarnings.warnings(object.child("spec"), FieldPath("spec"))
        }
        hooks.gracePeriod = { object, requested in gracePeriod(object, requested: requested) }
        return hooks
    }()

    /// With the write that makes a pod ready, so that no reader can miss it.
    private static func recordReadiness(_ object: inout Value) {
        let ready = object.child("status").items("conditions").first { $0.text("type") == "Ready" }
        guard let ready, ready.text("status") == "True",
            PodView.takesFirstReadyTime(object["metadata", "annotations"]?.stringMap ?? [:])
        else { return }
        let time = ready.text("lastTransitionTime")
        object["metadata", "annotations", PodView.firstReadyAnnotation] = .string(time.isEmpty ? "unknown" : time)
    }

    private static func initialStatus(_ spec: Value) -> Value {
        var status: Value = ["phase": "Pending", "qosClass": .string(PodDefaults.qosClass(of: spec))]
        if !spec.items("schedulingGates").isEmpty {
            status["conditions"] = [
                [
                    "type": "PodScheduled", "status": "False", "reason": "SchedulingGated",
                    "message": "Scheduling is blocked due to non-empty scheduling gates",
                ]
            ]
        }
        return status
    }

    private static func validate(_ pod: Value) -> [FieldError] {
        let spec = pod.child("spec")
        let path = FieldPath("spec")
        var errors = PodSpecRules.spec(spec, path, isPod: true)
        guard spec.text("serviceAccountName").isEmpty else { return errors }
        for (index, volume) in spec.items("volumes").enumerated() {
            let sources = path.child("volumes").index(index).child("projected").child("sources")
            for (position, source) in volume.child("projected").items("sources").enumerated()
            where source.object("serviceAccountToken") != nil {
                errors.append(
                    Rules.forbidden(
                        sources.index(position).child("serviceAccountToken"),
                        "must not be specified when serviceAccountName is not set"))
            }
        }
        return errors
    }

    /// Nothing to wait for when no node has it or all its containers ended; negative periods mean one second.
    private static func gracePeriod(_ object: Value, requested: Int?) -> Int {
        let pod = PodView(object)
        if !pod.isScheduled || pod.isTerminal { return 0 }
        let period = requested ?? object.child("spec").number("terminationGracePeriodSeconds") ?? 0
        return period < 0 ? 1 : period
    }
}

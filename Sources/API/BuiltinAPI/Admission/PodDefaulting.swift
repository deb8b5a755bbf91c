internal import APIServer
internal import Kinds
internal import ObjectModel

/// Pods stay 5 minutes on a node that is not ready or not reachable, unless they say otherwise. Upstream's plugin of
/// the same name.
struct DefaultTolerationSeconds: AdmissionPlugin {
    private static let taints = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]

    let name = "DefaultTolerationSeconds"

    func mutate(_ request: inout AdmissionRequest) async throws(APIStatus) {
        guard request.writes(.pods), request.operation != .delete else { return }
        let given = request.object["spec"]?["tolerations"]?.array ?? []
        let missing = Self.taints.filter { taint in !given.contains { Self.tolerates($0, taint) } }
        guard !missing.isEmpty else { return }
        let added = missing.map { taint -> Value in
            ["key": .string(taint), "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300]
        }
        request.object["spec", "tolerations"] = .array(given + added)
    }

    private static func tolerates(_ toleration: Value, _ taint: String) -> Bool {
        let key = toleration["key"]?.string ?? ""
        let effect = toleration["effect"]?.string ?? ""
        return (key.isEmpty || key == taint) && (effect.isEmpty || effect == "NoExecute")
    }
}

/// Gives pods their priority: 0, or that of one of the two system classes. Other PriorityClasses are not served, so
/// naming one is refused in upstream's words (its plugin Priority).
struct PodPriority: AdmissionPlugin {
    private static let systemClasses: [String: Int64] = [
        "system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000,
    ]
    private static let preemption = "PreemptLowerPriority"

    let name = "Priority"

    func mutate(_ request: inout AdmissionRequest) async throws(APIStatus) {
        guard request.writes(.pods) else { return }
        var spec = request.object["spec"] ?? .emptyObject
        switch request.operation {
        case .delete: return
        case .update:
            for key in ["priority", "preemptionPolicy"] where spec[key] == nil {
                if let kept = request.old?["spec"]?[key] { spec[key] = kept }
            }
        case .create: try setPriority(&spec, request)
        }
        if spec != request.object["spec"] { request.object["spec"] = spec }
    }

    private func setPriority(_ spec: inout Value, _ request: AdmissionRequest) throws(APIStatus) {
        let className = spec["priorityClassName"]?.string ?? ""
        guard let priority = className.isEmpty ? 0 : Self.systemClasses[className] else {
            throw request.forbidden("no PriorityClass with name \(className) was found")
        }
        let hint = "priority admission controller computed"
        let source = "from the given PriorityClass name"
        if let given = spec["priority"]?.int, Int64(given) != priority {
            throw request.forbidden(
                "the integer value of priority (\(given)) must not be provided in pod spec; \(hint) \(priority) \(source)"
            )
        }
        if let given = spec["preemptionPolicy"]?.string, given != Self.preemption {
            throw request.forbidden(
                "the string value of PreemptionPolicy (\(given)) must not be provided in pod spec; "
                    + "\(hint) \(Self.preemption) \(source)")
        }
        spec["priority"] = .integer(priority)
        spec["preemptionPolicy"] = .string(Self.preemption)
    }
}

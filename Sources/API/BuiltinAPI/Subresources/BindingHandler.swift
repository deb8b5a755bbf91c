package import APIProtocol
package import APIServer
internal import Kinds
package import ObjectModel

/// `POST …/pods/NAME/binding`: assigns a pod to a node, once.
package struct BindingHandler: SubresourceHandler {
    /// The handler.
    package init() {}

    /// Answers 201 once the pod is bound; 409 when it is bound already.
    package func handle(_ call: SubresourceCall) async throws(APIStatus) -> APIResponse {
        let binding = try call.decodeBody()
        guard binding.name.isEmpty || binding.name == call.name else {
            throw .badRequest("name in URL does not match name in Binding object")
        }
        let node = try Self.target(binding, name: call.name)
        let now = call.environment.now()
        _ = try await call.objects.update(
            namespace: call.namespace, name: call.name, subresource: "binding"
        ) { pod throws(APIStatus) in
            try Self.bind(&pod, to: node, binding, now: now)
        }
        return .json(
            ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201], code: 201)
    }

    private static func target(_ binding: Value, name: String) throws(APIStatus) -> String {
        var errors: [FieldError] = []
        let kind = binding["target"]?["kind"]?.string ?? ""
        if !kind.isEmpty, kind != APIResource.nodes.kind {
            errors.append(
                FieldError(.notSupported, "target.kind", .string(kind), "supported values: \"Node\", \"<empty>\""))
        }
        let node = binding["target"]?["name"]?.string ?? ""
        if node.isEmpty { errors.append(FieldError(.required, "target.name")) }
        guard errors.isEmpty else {
            throw .invalid(GroupVersionKind(group: "", version: "v1", kind: "Binding"), name: name, errors)
        }
        return node
    }

    /// The pod as bound; 409 when it is bound already, goes away or must not be scheduled yet.
    static func bind(_ pod: inout Value, to node: String, _ binding: Value, now: Timestamp) throws(APIStatus) {
        if let problem = problem(pod) { throw conflict(pod.name, problem) }
        for field in ["uid", "resourceVersion"] {
            if let wanted = binding["metadata"]?[field]?.string, !wanted.isEmpty {
                pod["metadata", field] = .string(wanted)
            }
        }
        pod["spec", "nodeName"] = .string(node)
        for field in ["annotations", "labels"] {
            for (key, value) in binding["metadata"]?[field]?.stringMap ?? [:] {
                pod["metadata", field, key] = .string(value)
            }
        }
        pod["status", "nominatedNodeName"] = nil
        PodConditions.set(&pod, type: "PodScheduled", status: "True", now: now)
    }

    private static func problem(_ pod: Value) -> String? {
        if pod.isBeingDeleted { return "pod \(pod.name) is being deleted, cannot be assigned to a host" }
        if let node = pod["spec"]?["nodeName"]?.string, !node.isEmpty {
            return "pod \(pod.name) is already assigned to node \"\(node)\""
        }
        if !(pod["spec"]?["schedulingGates"]?.array ?? []).isEmpty {
            return "pod \(pod.name) has non-empty .spec.schedulingGates"
        }
        return nil
    }

    private static func conflict(_ name: String, _ reason: String) -> APIStatus {
        .conflict(GroupResource(group: "", resource: "pods/binding"), name: name, reason)
    }
}

/// Conditions of a pod, written by the API itself.
enum PodConditions {
    /// Sets a condition. Its transition time moves only when its status changes.
    static func set(
        _ pod: inout Value, type: String, status: String, reason: String? = nil, message: String? = nil, now: Timestamp
    ) {
        var conditions = pod["status"]?["conditions"]?.array ?? []
        let position = conditions.firstIndex { $0["type"]?.string == type }
        let existing = position.map { conditions[$0] }
        let isSame = existing?["status"]?.string == status
        let since: Value = isSame ? existing?["lastTransitionTime"] ?? .string(now.text) : .string(now.text)
        var condition: Value = [
            "type": .string(type), "status": .string(status), "lastProbeTime": .null, "lastTransitionTime": since,
        ]
        if let reason { condition["reason"] = .string(reason) }
        if let message { condition["message"] = .string(message) }
        if let position { conditions[position] = condition } else { conditions.append(condition) }
        pod["status", "conditions"] = .array(conditions)
    }
}

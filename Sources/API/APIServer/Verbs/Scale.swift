internal import APIProtocol
internal import ObjectModel
internal import ObjectStorage
internal import Schema

/// autoscaling/v1 Scale over the paths that a kind declares.
struct ScaleView: Sendable {
    /// The kind of the view.
    static let kind = GroupVersionKind(group: "autoscaling", version: "v1", kind: "Scale")

    let replicas: [String]
    let statusReplicas: [String]
    let selector: [String]?

    /// The view of a subresource; nil when that is no scale.
    init?(_ subresource: Subresource) {
        guard case .scale(let replicas, let statusReplicas, let selector) = subresource.behaviour else { return nil }
        self.replicas = replicas
        self.statusReplicas = statusReplicas
        self.selector = selector
    }

    /// The Scale of an object.
    func scale(of object: Value) -> Value {
        var metadata = Value.emptyObject
        for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
            if let value = object["metadata"]?[field] { metadata[field] = value }
        }
        var spec = Value.emptyObject
        if let count = object.at(replicas), count != 0 { spec["replicas"] = count }
        var status: Value = ["replicas": object.at(statusReplicas) ?? 0]
        if let selector, let text = Self.text(object.at(selector)), !text.isEmpty { status["selector"] = .string(text) }
        return [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": status,
        ]
    }

    /// The object with the replicas of `scale`; 422 for fewer than none, 409 when its uid or revision is another.
    func object(_ object: Value, scaledTo scale: Value) throws(APIStatus) -> Value {
        let number = scale["spec"]?["replicas"]?.int ?? 0
        guard number >= 0 else {
            throw .invalid(
                Self.kind, name: object.name,
                [
                    FieldError(
                        .invalid, "spec.replicas", .integer(Int64(number)), "must be greater than or equal to 0")
                ])
        }
        var result = object
        result.set(replicas, to: .integer(Int64(number)))
        result["metadata", "resourceVersion"] = scale["metadata"]?["resourceVersion"]
        if !scale.uid.isEmpty { result["metadata", "uid"] = .string(scale.uid) }
        return result
    }

    /// A selector in the object is a label selector, or already text.
    private static func text(_ selector: Value?) -> String? {
        selector?.string ?? LabelSelector(selector)?.text
    }
}

extension ResourceCall {
    /// GET of …/scale.
    func getScale(_ view: ScaleView) async throws(APIStatus) -> APIResponse {
        let stored = try await writer.require(key, kind: kind, name: target.name)
        return reply(view.scale(of: stored.value))
    }

    /// PUT of …/scale.
    func updateScale(_ view: ScaleView) async throws(APIStatus) -> APIResponse {
        let scale = try decoder(of: ScaleView.kind, options: "UpdateOptions").object(in: body)
        guard scale.name == target.name else {
            throw .badRequest(
                "the name of the object (\(scale.name)) does not match the name on the URL (\(target.name))")
        }
        return try await writeScale(view) { _ throws(APIStatus) in scale }
    }

    /// PATCH of …/scale.
    func patchScale(_ view: ScaleView) async throws(APIStatus) -> APIResponse {
        let patch = try ObjectPatch(body)
        let decoder = try decoder(of: ScaleView.kind, options: "PatchOptions")
        return try await writeScale(view) { current throws(APIStatus) in
            try decoder.patched(
                try patch.apply(to: current, schema: .open), knownGood: nil, duplicates: patch.duplicates)
        }
    }

    private func writeScale(
        _ view: ScaleView, _ make: @escaping @Sendable (Value) throws(APIStatus) -> Value
    ) async throws(APIStatus) -> APIResponse {
        let context = try writeContext(options: "UpdateOptions")
        let change = ObjectChange(
            namespace: target.namespace, name: target.name, part: .main, subresource: target.subresource
        ) { stored, _ throws(APIStatus) in
            try view.object(stored, scaledTo: try make(view.scale(of: stored)))
        }
        let outcome = try await writer.update(context, change)
        return reply(view.scale(of: outcome.value))
    }
}

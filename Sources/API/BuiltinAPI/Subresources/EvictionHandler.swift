package import APIProtocol
package import APIServer
package import ObjectModel

/// `POST …/pods/NAME/eviction`: marks a pod as disrupted and deletes it with its grace period.
package struct EvictionHandler: SubresourceHandler {
    private static let formerVersions = [GroupVersion(group: "policy", version: "v1beta1")]

    /// The handler.
    package init() {}

    /// Answers 201 once the deletion has begun. Nothing is stored when the query or the body's options say dryRun.
    package func handle(_ call: SubresourceCall) async throws(APIStatus) -> APIResponse {
        let eviction = try call.decodeBody(formerVersions: Self.formerVersions)
        guard eviction.name == call.name else {
            throw .badRequest("name in URL does not match name in Eviction object")
        }
        let deletion = try DeletionRequest(eviction["deleteOptions"] ?? .emptyObject)
        var options = deletion.options
        let dryRun = call.dryRun || deletion.dryRun
        if !dryRun { try await mark(call, &options) }
        try await call.objects.with(dryRun: dryRun).delete(namespace: call.namespace, name: call.name, options: options)
        return .json(
            ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201], code: 201)
    }

    /// Says in the pod why it goes. A revision that was asked for holds for this write; the deletion then wants its
    /// result.
    private func mark(_ call: SubresourceCall, _ options: inout DeleteOptions) async throws(APIStatus) {
        let now = call.environment.now()
        let conditions = options
        let marked = try await call.objects.update(
            namespace: call.namespace, name: call.name, subresource: "eviction"
        ) { pod throws(APIStatus) in
            if let uid = conditions.uid { pod["metadata", "uid"] = .string(uid) }
            if let version = conditions.resourceVersion { pod["metadata", "resourceVersion"] = .string(version) }
            PodConditions.set(
                &pod, type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI",
                message: "Eviction API: evicting", now: now)
        }
        if options.resourceVersion != nil { options.resourceVersion = marked.revision?.description }
    }
}

package import APIProtocol
package import APIServer
package import ObjectModel

/// `PUT /api/v1/namespaces/NAME/finalize`: sets `spec.finalizers`; a Namespace that is being deleted goes with the last.
package struct FinalizeHandler: SubresourceHandler {
    /// The handler.
    package init() {}

    /// Answers with the Namespace as it is afterwards.
    package func handle(_ call: SubresourceCall) async throws(APIStatus) -> APIResponse {
        let wanted = try call.decodeBody()
        guard wanted.name == call.name else {
            throw .badRequest(
                "the name of the object (\(wanted.name)) does not match the name on the URL (\(call.name))")
        }
        let object = try await call.objects.update(
            namespace: call.namespace, name: call.name, subresource: "finalize"
        ) { namespace throws(APIStatus) in
            for field in ["uid", "resourceVersion"] {
                if let value = wanted["metadata"]?[field]?.string, !value.isEmpty {
                    namespace["metadata", field] = .string(value)
                }
            }
            let finalizers = wanted["spec"]?["finalizers"]?.array ?? []
            namespace["spec", "finalizers"] = finalizers.isEmpty ? nil : .array(finalizers)
        }
        return .json(object)
    }
}

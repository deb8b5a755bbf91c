internal import APIServer
internal import Kinds
internal import ObjectModel
internal import ObjectStorage
internal import Schema

/// Objects need their namespace: nothing is written into a missing one, nothing new into one that goes, and the
/// namespaces of the system stay. Upstream's plugin of the same name.
struct NamespaceLifecycle: AdmissionPlugin {
    /// The namespaces that may not be deleted.
    static let immortal: Set<String> = ["default", "kube-system", "kube-public"]

    let name = "NamespaceLifecycle"
    let stored: StoredObjects

    func mutate(_ request: inout AdmissionRequest) async throws(APIStatus) { try await validate(request) }

    func validate(_ request: AdmissionRequest) async throws(APIStatus) {
        if request.kind.resource == APIResource.namespaces.groupResource {
            if request.operation == .delete, Self.immortal.contains(request.name) {
                throw request.forbidden("this namespace may not be deleted")
            }
            return
        }
        guard !request.namespace.isEmpty, request.operation != .delete else { return }
        // Asked twice for every write.
        guard let namespace = try await stored.encoded(.namespaces, name: request.namespace)?.object else {
            throw .notFound(APIResource.namespaces.groupResource, name: request.namespace)
        }
        guard request.operation == .create, namespace.text(at: ["status", "phase"]) == "Terminating" else { return }
        var refusal = request.forbidden(
            "unable to create new content in namespace \(request.namespace) because it is being terminated")
        refusal.details?.causes.append(
            APIStatus.Cause(
                reason: "NamespaceTerminating", message: "namespace \(request.namespace) is being terminated",
                field: "metadata.namespace"))
        throw refusal
    }
}

internal import APIProtocol
internal import ObjectModel
internal import Schema

extension ResourceCall {
    /// The object or collection itself. 405 for verbs that the kind does not have.
    func serveObject() async throws(APIStatus) -> APIResponse {
        guard kind.verbs.contains(target.verb.rawValue), isComplete else { throw .methodNotAllowed }
        switch target.verb {
        case .get: return try await get()
        case .list: return try await list()
        case .watch: return try await watch()
        case .create: return try await create()
        case .update: return try await update(.main)
        case .patch: return try await patch(.main)
        case .delete: return try await delete()
        case .deletecollection: return try await deleteCollection()
        }
    }

    /// A subresource that the generic path knows.
    func serve(_ subresource: Subresource) async throws(APIStatus) -> APIResponse {
        if let view = ScaleView(subresource) {
            switch target.verb {
            case .get: return try await getScale(view)
            case .update: return try await updateScale(view)
            case .patch: return try await patchScale(view)
            default: throw .methodNotAllowed
            }
        }
        switch target.verb {
        case .get: return try await get()
        case .update: return try await update(.status)
        case .patch: return try await patch(.status)
        default: throw .methodNotAllowed
        }
    }

    /// What a handler gets to see.
    func subresourceCall(_ subresource: Subresource) throws(APIStatus) -> SubresourceCall {
        let context = try writeContext(options: target.verb == .create ? "CreateOptions" : "UpdateOptions")
        return SubresourceCall(
            kind: kind, namespace: target.namespace, name: target.name, subresource: subresource, request: request,
            user: user, dryRun: context.dryRun, objects: ObjectAccess(writer: writer, context: context),
            environment: environment, resourceCall: self)
    }

    /// Whether the path names what the verb needs: a name, or a collection in one namespace.
    private var isComplete: Bool {
        switch target.verb {
        case .create: target.name.isEmpty && (!kind.isNamespaced || !target.namespace.isEmpty)
        case .get, .update, .patch, .delete:
            !target.name.isEmpty && (!kind.isNamespaced || !target.namespace.isEmpty)
        case .deletecollection: !kind.isNamespaced || !target.namespace.isEmpty
        case .list, .watch: true
        }
    }
}

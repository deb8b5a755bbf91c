internal import APIProtocol
internal import ObjectModel
internal import ObjectStorage
internal import Schema

/// A change of one object: what it makes of the stored one.
struct ObjectChange: Sendable {
    /// Where.
    let namespace: String
    /// Which.
    let name: String
    /// What part of it may change.
    let part: UpdateRules.Part
    /// The subresource that admission sees; empty for the object itself.
    let subresource: String
    /// What is wanted of the stored object. Runs again after a conflict.
    let make: @Sendable (_ stored: Value) throws(APIStatus) -> Value
}

extension ObjectWriter {
    /// Changes a stored object; 404 when there is none. The change is made anew when another write came between, at
    /// most `maximumAttempts` times; then 409. A change that changes nothing is not written.
    func update(_ context: WriteContext, _ change: ObjectChange) async throws(APIStatus) -> WriteOutcome {
        let key = context.key(namespace: change.namespace, name: change.name)
        for _ in 1...Self.maximumAttempts {
            let stored = try await require(key, kind: context.kind, name: change.name)
            if let outcome = try await updateOnce(context, change, stored) { return outcome }
        }
        throw .staleRevision(context.kind.resource, name: change.name)
    }

    /// One try; nil after a conflict.
    private func updateOnce(
        _ context: WriteContext, _ change: ObjectChange, _ stored: StoredObject
    ) async throws(APIStatus) -> WriteOutcome? {
        let kind = context.kind
        let old = stored.value
        var object = try change.make(old)
        try UpdateRules.checkPreconditions(object, old: old, kind: kind)
        try CreateRules.placeInNamespace(&object, kind: kind, namespace: change.namespace)
        setDefaults(&object, kind)
        var request = AdmissionRequest(
            operation: .update, kind: kind, subresource: change.subresource, namespace: change.namespace,
            name: change.name, object: object, old: old, user: context.user, dryRun: context.dryRun, now: context.now)
        try await mutate(&request)
        UpdateRules.prepare(
            &request.object, old: old, part: change.part, kind: kind, context: hookContext(context))
        try UpdateRules.validate(request.object, old: old, part: change.part, kind: kind)
        if change.part == .main { request.warnings += kind.hooks.warnings(request.object) }
        let ends = UpdateRules.endsDeletion(request.object, old: old, kind: kind)
        let encoded = EncodedObject(request.object)
        let result = try await admitted(request, context) { () async throws(StoreError) -> Revision in
            if !ends, request.object == old { return stored.revision }
            return try await store.commit(
                StoreWrite(
                    key: stored.key, precondition: .revision(stored.revision),
                    change: ends ? .delete(final: encoded) : .put(encoded)))
        }
        switch result {
        case .committed(let revision):
            let now = StoredObject(key: stored.key, object: encoded, revision: revision)
            return WriteOutcome(value: now.value, stored: now, removed: ends)
        case .dryRun: return WriteOutcome(value: request.object, stored: nil, removed: ends)
        case .failed(.conflict(nil)): throw .notFound(kind.resource, name: change.name)
        case .failed(.conflict): return nil
        case .failed(let error): throw APIStatus(error)
        }
    }
}

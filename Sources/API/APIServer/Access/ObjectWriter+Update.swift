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
    /// What is wanted of the stored object. Runs again after a conflict. What the result has in common with `knownGood`
    /// needs no second look; nil when that is not known.
    let make: @Sendable (_ stored: Value, _ knownGood: Value?) throws(APIStatus) -> Value
}

extension ObjectWriter {
    /// Changes a stored object; 404 when there is none. When another write came between, the change is made anew of what
    /// that left, until the request's time is over (504): each lost race is a write of somebody else. 409 only when the
    /// change names a uid or revision that is not the stored one. A change that changes nothing is not written.
    func update(_ context: WriteContext, _ change: ObjectChange) async throws(APIStatus) -> WriteOutcome {
        let key = context.key(namespace: change.namespace, name: change.name)
        var stored = try await require(key, kind: context.kind, name: change.name)
        while true {
            switch try await updateOnce(context, change, stored) {
            case .done(let outcome): return outcome
            case .lost(let winner): stored = winner
            }
            guard !Task.isCancelled else { throw .timedOut }
        }
    }

    private func updateOnce(
        _ context: WriteContext, _ change: ObjectChange, _ stored: StoredObject
    ) async throws(APIStatus) -> WriteAttempt {
        let kind = context.kind
        let old = stored.value
        // What another version of this program wrote may lack what this one always sets.
        let known = stored.object.isOwn ? old : nil
        var object = try change.make(old, known)
        try UpdateRules.checkPreconditions(object, old: old, kind: kind)
        try CreateRules.placeInNamespace(&object, kind: kind, namespace: change.namespace)
        setDefaults(&object, kind, knownGood: known)
        var request = AdmissionRequest(
            operation: .update, kind: kind, subresource: change.subresource, namespace: change.namespace,
            name: change.name, object: object, old: old, user: context.user, dryRun: context.dryRun, now: context.now)
        try await mutate(&request)
        UpdateRules.prepare(
            &request.object, old: old, part: change.part, kind: kind, context: hookContext(context))
        // What was restored of the stored object may lack some too.
        if known == nil { setDefaults(&request.object, kind) }
        try UpdateRules.validate(request.object, old: old, part: change.part, kind: kind)
        if change.part == .main { request.warnings += kind.hooks.warnings(request.object) }
        let ends = UpdateRules.endsDeletion(request.object, old: old, kind: kind)
        let encoded = try encoded(request.object, replacing: stored)
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
            return .done(WriteOutcome(value: now.value, stored: now, removed: ends))
        case .dryRun: return .done(WriteOutcome(value: request.object, stored: nil, removed: ends))
        case .failed(.conflict(let winner?)): return .lost(to: winner)
        case .failed(.conflict(nil)): throw .notFound(kind.resource, name: change.name)
        case .failed(let error): throw APIStatus(error)
        }
    }
}

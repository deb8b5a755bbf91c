internal import APIProtocol
internal import ObjectModel
internal import ObjectStorage
internal import Schema

extension ObjectWriter {
    /// Deletes an object as `options` say; 404 when there is none. When another write came between, decided anew on what
    /// that left, until the request's time is over (504).
    func delete(
        _ context: WriteContext, namespace: String, name: String, options: DeleteOptions
    ) async throws(APIStatus) -> WriteOutcome {
        let key = context.key(namespace: namespace, name: name)
        var stored = try await require(key, kind: context.kind, name: name)
        while true {
            switch try await deleteOnce(context, stored, namespace: namespace, options) {
            case .done(let outcome): return outcome
            case .lost(let winner): stored = winner
            }
            guard !Task.isCancelled else { throw .timedOut }
        }
    }

    private func deleteOnce(
        _ context: WriteContext, _ stored: StoredObject, namespace: String, _ options: DeleteOptions
    ) async throws(APIStatus) -> WriteAttempt {
        let kind = context.kind
        let old = stored.value
        let decision = try DeletionRules.decide(old, options: options, kind: kind, context: hookContext(context))
        var request = AdmissionRequest(
            operation: .delete, kind: kind, namespace: namespace, name: old.name, object: .null, old: old,
            user: context.user, dryRun: context.dryRun, now: context.now)
        try await mutate(&request)
        let final: Value
        let removes: Bool
        switch decision {
        case .unchanged: (final, removes) = (old, false)
        case .mark(let object): (final, removes) = (object, false)
        case .remove(let object): (final, removes) = (object, true)
        }
        let encoded = EncodedObject(final, keptIn: recent, isOwn: stored.object.isOwn)
        let result = try await admitted(request, context) { () async throws(StoreError) -> Revision in
            if !removes, final == old { return stored.revision }
            return try await store.commit(
                StoreWrite(
                    key: stored.key, precondition: .revision(stored.revision),
                    change: removes ? .delete(final: encoded) : .put(encoded)))
        }
        switch result {
        case .committed(let revision):
            let now = StoredObject(key: stored.key, object: encoded, revision: revision)
            return .done(WriteOutcome(value: now.value, stored: now, removed: removes))
        case .dryRun: return .done(WriteOutcome(value: final, stored: nil, removed: removes))
        case .failed(.conflict(let winner?)): return .lost(to: winner)
        case .failed(.conflict(nil)): throw .notFound(kind.resource, name: old.name)
        case .failed(let error): throw APIStatus(error)
        }
    }
}

internal import APIProtocol
internal import ObjectModel
internal import ObjectStorage
internal import Schema

extension ObjectWriter {
    /// Creates the object of a request; `namespace` is the request's. A generated name that is taken is made anew.
    func create(
        _ context: WriteContext, _ object: Value, namespace: String
    ) async throws(APIStatus) -> WriteOutcome {
        let kind = context.kind
        var received = object
        try CreateRules.receive(&received, kind: kind, namespace: namespace)
        setDefaults(&received, kind)
        var attempt = 1
        while true {
            do throws(APIStatus) {
                return try await createOnce(context, received, namespace: namespace)
            } catch {
                guard error.reason == .alreadyExists, received.name.isEmpty else { throw error }
                guard attempt < CreateRules.nameAttempts else {
                    throw CreateRules.noFreeName(kind, name: error.details?.name ?? "")
                }
                attempt += 1
            }
        }
    }

    private func createOnce(
        _ context: WriteContext, _ object: Value, namespace: String
    ) async throws(APIStatus) -> WriteOutcome {
        let kind = context.kind
        var request = AdmissionRequest(
            operation: .create, kind: kind, namespace: kind.isNamespaced ? namespace : "", name: object.name,
            object: object, user: context.user, dryRun: context.dryRun, now: context.now)
        try await mutate(&request)
        let complete = request.object
        CreateRules.identify(
            &request.object, now: context.now, uid: environment.makeUID(), random: environment.random)
        try CreateRules.placeInNamespace(&request.object, kind: kind, namespace: namespace)
        CreateRules.prepare(&request.object, kind: kind, context: hookContext(context))
        kind.schema.fillRequired(&request.object, knownGood: complete)
        try CreateRules.validate(request.object, kind: kind)
        request.warnings += kind.hooks.warnings(request.object)
        let encoded = try encoded(request.object)
        let key = context.key(namespace: namespace, name: request.object.name)
        let write = StoreWrite(key: key, precondition: .absent, change: .put(encoded))
        let result = try await admitted(request, context) { () async throws(StoreError) -> Revision in
            try await store.commit(write)
        }
        switch result {
        case .committed(let revision):
            let stored = StoredObject(key: key, object: encoded, revision: revision)
            return WriteOutcome(value: request.object, stored: stored, created: true)
        case .dryRun:
            let existing = try await storing { () async throws(StoreError) in try await store.object(at: key) }
            if let existing { throw taken(existing, kind, name: request.object.name) }
            return WriteOutcome(value: request.object, stored: nil, created: true)
        case .failed(.conflict(let existing)):
            throw taken(existing, kind, name: request.object.name)
        case .failed(let error): throw APIStatus(error)
        }
    }

    private func taken(_ existing: StoredObject?, _ kind: KindDefinition, name: String) -> APIStatus {
        var status = APIStatus.alreadyExists(kind.resource, name: name)
        if let existing, existing.value.isBeingDeleted {
            status.message = "object is being deleted: \(status.message)"
        }
        return status
    }
}

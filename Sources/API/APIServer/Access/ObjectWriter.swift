internal import APIProtocol
internal import ObjectModel
internal import ObjectStorage
internal import Schema

/// Carries out writes: the pure rules of `CreateRules`, `UpdateRules` and `DeletionRules` between admission and the
/// store's compare-and-set.
struct ObjectWriter: Sendable {
    /// The most bytes of JSON that an object may have: what etcd takes in one request by default.
    static let maximumObjectSize = 1536 * 1024

    let store: any Store
    let admission: [any AdmissionPlugin]
    let environment: ServerEnvironment
    /// The trees of what was written last.
    let recent: RecentTrees

    /// The stored object; 404 when there is none.
    func require(_ key: StoreKey, kind: KindDefinition, name: String) async throws(APIStatus) -> StoredObject {
        let found = try await storing { () async throws(StoreError) in try await store.object(at: key) }
        guard let found else { throw .notFound(kind.resource, name: name) }
        return found
    }

    func hookContext(_ context: WriteContext) -> HookContext {
        HookContext(now: context.now, makeUID: environment.makeUID)
    }

    /// Schema defaults, then the kind's conditional ones, then the empty fields that servers always write: objects are
    /// compared with stored ones, which have them. What the object has in common with `known` has all of them.
    func setDefaults(_ object: inout Value, _ kind: KindDefinition, knownGood known: Value? = nil) {
        kind.schema.applyDefaults(to: &object, knownGood: known)
        kind.hooks.setDefaults(&object)
        kind.schema.fillRequired(&object, knownGood: known)
    }

    /// The object as it is stored; 413 above `maximumObjectSize`, unless it is no longer than `old`: what is too long
    /// may still become shorter and go.
    func encoded(_ object: Value, replacing old: StoredObject? = nil) throws(APIStatus) -> EncodedObject {
        let encoded = EncodedObject(object, keptIn: recent, isOwn: true)
        let limit = max(Self.maximumObjectSize, old?.object.bytes.count ?? 0)
        guard encoded.bytes.count <= limit else {
            throw .tooLarge("Request entity too large: limit of an object is \(Self.maximumObjectSize)")
        }
        return encoded
    }

    /// Lets plugins change the object; what they added gets its defaults too.
    func mutate(_ request: inout AdmissionRequest) async throws(APIStatus) {
        let before = request.object
        for plugin in admission { try await plugin.mutate(&request) }
        if request.operation != .delete, request.object != before {
            setDefaults(&request.object, request.kind, knownGood: before)
        }
    }

    /// Lets plugins judge the object, runs `commit`, and tells the plugins how it ended.
    func admitted<Result: Sendable>(
        _ request: AdmissionRequest, _ context: WriteContext, _ commit: () async throws(StoreError) -> Result
    ) async throws(APIStatus) -> CommitResult<Result> {
        request.warnings.forEach(context.warnings.add)
        var judged = 0
        do throws(APIStatus) {
            for plugin in admission {
                try await plugin.validate(request)
                judged += 1
            }
        } catch {
            for plugin in admission.prefix(judged) { await plugin.finished(request, committed: false) }
            throw error
        }
        let result: CommitResult<Result>
        if context.dryRun {
            result = .dryRun
        } else {
            do throws(StoreError) {
                result = .committed(try await commit())
            } catch {
                result = .failed(error)
            }
        }
        for plugin in admission { await plugin.finished(request, committed: result.isCommitted) }
        return result
    }
}

/// How a commit ended.
enum CommitResult<Result: Sendable>: Sendable {
    case committed(Result)
    case dryRun
    case failed(StoreError)

    var isCommitted: Bool { if case .committed = self { true } else { false } }
}

internal import APIProtocol
internal import ObjectModel
internal import ObjectStorage
internal import Schema

extension ResourceCall {
    /// How many objects are looked at in one read when a selector sorts them out.
    private static let selectionPage = 1000

    /// The range of keys that hold what the path and the selection name.
    func range(_ selection: Selection) -> KeyRange {
        let namespace = kind.isNamespaced ? target.namespace : ""
        if let name = selection.name, !kind.isNamespaced || !namespace.isEmpty {
            return KeyRange(StoreKey(kind.resource, namespace: namespace, name: name))
        }
        return KeyRange(kind.resource, namespace: namespace.isEmpty ? nil : namespace)
    }

    /// GET of a collection.
    func list() async throws(APIStatus) -> APIResponse {
        let options = try ListOptions(request, kind: kind, isWatch: false)
        let page: ListPage
        do throws(StoreError) {
            page = try await read(options)
        } catch {
            return failure(error, options)
        }
        var metadata: Value = ["resourceVersion": .string(page.revision.description)]
        if let last = page.next {
            metadata["continue"] = .string(ContinueToken(revision: page.revision, after: last).text)
            if options.selection.isEverything { metadata["remainingItemCount"] = .integer(Int64(page.remaining)) }
        }
        return request.takesTrees
            ? reply(rendering.tree(page.objects, metadata: metadata))
            : reply(rendering.list(page.objects, metadata: metadata))
    }

    /// Reads one page of what is selected; all pages of one list come from one state.
    func read(_ options: ListOptions) async throws(StoreError) -> ListPage {
        if options.selection.isEverything {
            let page = try await store.objects(
                in: range(options.selection), at: options.readRevision, after: options.continuation?.after,
                limit: options.limit)
            return ListPage(
                objects: page.objects, revision: page.revision,
                next: page.remaining > 0 ? page.objects.last?.key : nil, remaining: page.remaining)
        }
        if let condition = options.selection.condition, let oldest = options.oldestRevision {
            return try await readFound(options, meeting: condition, notOlderThan: oldest)
        }
        return try await readSelected(options)
    }

    /// What the store finds by a condition, sorted out. Where a limit ends it, a token goes on from the same state.
    private func readFound(
        _ options: ListOptions, meeting condition: FieldCondition, notOlderThan revision: Revision
    ) async throws(StoreError) -> ListPage {
        let page = try await store.objects(
            in: range(options.selection), meeting: condition, notOlderThan: revision)
        var found: [StoredObject] = []
        for object in page.objects where options.selection.matches(object) {
            if found.count == options.limit {
                return ListPage(objects: found, revision: page.revision, next: found.last?.key, remaining: 0)
            }
            found.append(object)
        }
        return ListPage(objects: found, revision: page.revision, next: nil, remaining: 0)
    }

    private func readSelected(_ options: ListOptions) async throws(StoreError) -> ListPage {
        var found: [StoredObject] = []
        var after = options.continuation?.after
        var state = options.readRevision
        let range = range(options.selection)
        while true {
            let page = try await store.objects(in: range, at: state, after: after, limit: Self.selectionPage)
            for (position, object) in page.objects.enumerated() where options.selection.matches(object) {
                found.append(object)
                let isLast = position == page.objects.count - 1 && page.remaining == 0
                if found.count == options.limit, !isLast {
                    return ListPage(objects: found, revision: page.revision, next: object.key, remaining: 0)
                }
            }
            guard page.remaining > 0, let last = page.objects.last else {
                return ListPage(objects: found, revision: page.revision, next: nil, remaining: 0)
            }
            after = last.key
            state = .exactly(page.revision)
        }
    }

    private func failure(_ error: StoreError, _ options: ListOptions) -> APIResponse {
        switch error {
        case .futureRevision(let current):
            return .status(.tooLargeRevision(options.resourceVersion, current: current))
        case .compacted:
            guard let token = options.continuation else {
                return .status(.expired("The resourceVersion for the provided list is too old."))
            }
            return expiredContinuation(token)
        default: return .status(APIStatus(error))
        }
    }

    /// 410 with a token that goes on from the newest state.
    private func expiredContinuation(_ token: ContinueToken) -> APIResponse {
        let status = APIStatus.expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list "
                + "without the continue parameter, or use the continue token in this response to retrieve the remainder "
                + "of the results. Continuing with the provided token results in an inconsistent list - objects that "
                + "were created, modified, or deleted between the time the first chunk was returned and now may show up "
                + "in the list.")
        var object = status.object
        object["metadata", "continue"] = .string(ContinueToken(revision: nil, after: token.after).text)
        return .json(object, code: status.code)
    }
}

/// One page of a list.
struct ListPage: Sendable {
    /// The objects.
    let objects: [StoredObject]
    /// The state they are from.
    let revision: Revision
    /// The last key looked at, when more may follow.
    let next: StoreKey?
    /// How many follow.
    let remaining: Int
}

internal import APIProtocol
internal import ObjectModel
internal import ObjectStorage

extension ResourceCall {
    /// The time of a watch that does not say, in seconds; drawn at random so that not all end together.
    /// What a client may ask for at most: a day.
    private static let longestSeconds = 86400
    private static let defaultSeconds = 1800...3600

    /// GET of a collection with `watch`. The reply's header goes out before any event.
    func watch() async throws(APIStatus) -> APIResponse {
        guard representation.encoding == .json else {
            throw APIStatus(
                code: 406, reason: .notAcceptable,
                message: "only the following media types are accepted: application/json")
        }
        let options = try ListOptions(request, kind: kind, name: target.name, isWatch: true)
        let (initial, revision) = try await start(options)
        let range = range(options.selection)
        let subscription: EventSubscription
        do throws(StoreError) {
            subscription = try await store.events(in: range, after: revision, trigger: options.selection.condition)
        } catch {
            throw failure(error, options)
        }
        let session = WatchSession(
            encoder: WatchEncoder(
                kind: kind, selection: options.selection, representation: representation,
                takesTrees: request.takesTrees),
            subscription: subscription, environment: environment, initial: initial ?? [],
            announcing: options.sendsInitialEvents == true && options.allowsBookmarks ? revision : nil,
            allowsBookmarks: options.allowsBookmarks,
            duration: .seconds(
                options.timeoutSeconds.map { min($0, Self.longestSeconds) } ?? environment.random(Self.defaultSeconds)),
            counted: running)
        return APIResponse(
            code: 200,
            headers: HTTPFields([("Content-Type", "application/json"), ("Cache-Control", "no-cache, private")]),
            body: session.body)
    }

    /// The objects that the watch begins with (nil: none), and the revision that changes are wanted after.
    private func start(_ options: ListOptions) async throws(APIStatus) -> ([StoredObject]?, Revision) {
        let asked = options.revision ?? .zero
        guard options.sendsInitialEvents ?? (asked == .zero) else {
            guard asked == .zero else { return (nil, asked) }
            return (nil, try await storing { () async throws(StoreError) in try await store.currentRevision() })
        }
        var everything = options
        everything.limit = nil
        do throws(StoreError) {
            let page = try await read(everything)
            return (page.objects, page.revision)
        } catch {
            throw failure(error, options)
        }
    }

    private func failure(_ error: StoreError, _ options: ListOptions) -> APIStatus {
        switch error {
        case .compacted(let oldest):
            .expired("too old resource version: \(options.resourceVersion) (\(oldest))")
        case .futureRevision(let current): .tooLargeRevision(options.resourceVersion, current: current)
        default: APIStatus(error)
        }
    }
}

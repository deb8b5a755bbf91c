internal import APIProtocol
internal import ObjectModel
internal import ObjectStorage
internal import Synchronization

/// One watch: what it begins with, then changes, with bookmarks between, until its time is over. One reader pulls; what
/// it does not pull waits in the bounded subscription.
final class WatchSession: Sendable {
    /// How often a bookmark is sent.
    static let bookmarkInterval = Duration.seconds(60)
    /// How many bytes are written at once, but for what the last object is longer.
    static let pieceLength = 1 << 20

    private struct State {
        var initial: ArraySlice<StoredObject>
        /// The revision of the first state, until its end is announced.
        var announcedEnd: Revision?
        var isFirst = true
        var isOver = false
        var nextBookmark: Timestamp
    }

    private let encoder: WatchEncoder
    private let subscription: EventSubscription
    private let environment: ServerEnvironment
    private let allowsBookmarks: Bool
    private let deadline: Timestamp
    private let state: Mutex<State>
    private let counted: LongRunningRequest?

    /// A watch over `subscription`. `announcing` is the revision of `initial` when its end is to be told.
    init(
        encoder: WatchEncoder, subscription: EventSubscription, environment: ServerEnvironment, initial: [StoredObject],
        announcing: Revision?, allowsBookmarks: Bool, duration: Duration, counted: LongRunningRequest? = nil
    ) {
        self.encoder = encoder
        self.subscription = subscription
        self.environment = environment
        self.allowsBookmarks = allowsBookmarks
        self.counted = counted
        let now = environment.now()
        deadline = now + duration
        state = Mutex(
            State(initial: initial[...], announcedEnd: announcing, nextBookmark: now + Self.bookmarkInterval))
    }

    /// What a reply carries.
    var body: APIResponse.Body {
        encoder.takesTrees
            ? .events(EventStream(next: { await self.next()?.events }, cancel: { self.subscription.cancel() }))
            : .stream(ByteStream(next: { await self.next()?.lines }, cancel: { self.subscription.cancel() }))
    }

    /// The next piece; nil at the end.
    func next() async -> WatchPiece? {
        while true {
            if let piece = state.withLock({ initial(&$0) }) { return piece }
            let (isOver, wakeTime) = state.withLock { state in
                (state.isOver, allowsBookmarks ? min(state.nextBookmark, deadline) : deadline)
            }
            if isOver { return end() }
            let now = environment.now()
            if now >= wakeTime {
                // Before changes: a busy watch ends in time too.
                let output = state.withLock { timed(&$0, now) }
                if !output.isEmpty { return output }
                continue
            }
            let changes: [StoreEvent]
            do throws(StoreError) {
                changes = try await events(until: wakeTime)
            } catch {
                return failed(error)
            }
            let output = state.withLock { piece(of: changes, &$0, environment.now()) }
            if !output.isEmpty { return output }
        }
    }

    private func end() -> WatchPiece? {
        subscription.cancel()
        return nil
    }

    private func initial(_ state: inout State) -> WatchPiece? {
        guard !state.initial.isEmpty || state.announcedEnd != nil else { return nil }
        let now = environment.now()
        var piece = WatchPiece()
        while piece.length < Self.pieceLength, let object = state.initial.popFirst() {
            encoder.append(.added, object, withColumns: state.isFirst, now: now, to: &piece)
            state.isFirst = false
        }
        if state.initial.isEmpty, let revision = state.announcedEnd {
            encoder.append(bookmark: revision, endsInitialEvents: true, to: &piece)
            state.announcedEnd = nil
        }
        return piece
    }

    private func piece(of events: [StoreEvent], _ state: inout State, _ now: Timestamp) -> WatchPiece {
        var piece = WatchPiece()
        for event in events {
            encoder.append(event, isFirst: state.isFirst, now: now, to: &piece)
            if !piece.isEmpty { state.isFirst = false }
        }
        return piece
    }

    /// What is due although nothing changed: a bookmark, the end.
    private func timed(_ state: inout State, _ now: Timestamp) -> WatchPiece {
        var piece = WatchPiece()
        if now >= deadline { state.isOver = true }
        guard allowsBookmarks, state.isOver || now >= state.nextBookmark else { return piece }
        state.nextBookmark = now + Self.bookmarkInterval
        if let revision = subscription.deliveredThrough { encoder.append(bookmark: revision, to: &piece) }
        return piece
    }

    private func failed(_ error: StoreError) -> WatchPiece? {
        let wasOver = state.withLock { state in
            defer { state.isOver = true }
            return state.isOver
        }
        guard !wasOver, error != .cancelled else { return nil }
        return encoder.failure(APIStatus(error))
    }

    /// The next changes; none when the time came first.
    private func events(until time: Timestamp) async throws(StoreError) -> [StoreEvent] {
        if subscription.isReady { return try await subscription.next(limit: Self.pieceLength) }
        let pause = time - environment.now()
        let (subscription, environment) = (subscription, environment)
        let result = await withTaskGroup(of: Void.self) { group -> Result<[StoreEvent], StoreError> in
            group.addTask {
                // A cancelled sleep means that changes came first.
                guard (try? await environment.sleep(pause)) != nil else { return }
                subscription.wake()
            }
            defer { group.cancelAll() }
            do throws(StoreError) {
                return .success(try await subscription.next(limit: Self.pieceLength))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

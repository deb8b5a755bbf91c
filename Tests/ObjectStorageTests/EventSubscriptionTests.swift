import ObjectModel
import ObjectStorage
import TestSupport
import Testing

@Suite struct EventSubscriptionTests {
    private func subscription(
        backlog: [StoreEvent] = [], published: PublishedRevision = PublishedRevision(), capacity: Int = 10,
        maximumBytes: Int = 10_000
    ) -> EventSubscription {
        EventSubscription(
            range: .everything, backlog: backlog, through: Revision(Int64(backlog.count)),
            published: published, capacity: capacity, maximumBytes: maximumBytes, onCancel: { _ in })
    }

    /// The change with this revision of an object that has `bytes` bytes and a few; `before` it had others.
    private func event(_ revision: Int64, bytes: Int, before: Int? = nil) -> StoreEvent {
        let key = StoreConformance.key("a")
        func object(_ bytes: Int, _ revision: Int64) -> StoredObject {
            StoredObject(
                key: key, object: StoreConformance.object("a", String(repeating: "x", count: bytes)),
                revision: Revision(revision))
        }
        return StoreEvent(
            kind: before == nil ? .created : .updated, current: object(bytes, revision),
            previous: before.map { object($0, revision - 1) })
    }

    private func revisions(_ events: [StoreEvent]) -> [Int64] { events.map(\.revision.value) }

    @Test(arguments: [(4500, nil), (10, 4500)] as [(Int, Int?)])
    func aReaderFallsBehindByBytesToo(bytes: Int, before: Int?) async throws {
        let watch = subscription()
        for revision in 1...2 as ClosedRange<Int64> { watch.deliver([event(revision, bytes: bytes, before: before)]) }
        #expect(try await revisions(watch.next()) == [1, 2])
        for revision in 3...5 as ClosedRange<Int64> { watch.deliver([event(revision, bytes: bytes, before: before)]) }
        await #expect(throws: StoreError.watcherFellBehind) { try await watch.next() }
    }

    @Test func oneDeliveryIsNeverTooLong() async throws {
        let watch = subscription()
        watch.deliver((1...3).map { event($0, bytes: 9000) })
        #expect(try await revisions(watch.next()) == [1, 2, 3])
        watch.deliver([event(4, bytes: 20_000)])
        #expect(try await revisions(watch.next()) == [4])
    }

    @Test func theBacklogDoesNotCountButWhatFollowsDoes() async throws {
        let watch = subscription(backlog: (1...5).map { event($0, bytes: 9000) })
        watch.deliver([event(6, bytes: 9000)])
        #expect(try await revisions(watch.next(limit: 30_000)) == [1, 2, 3, 4])
        #expect(try await revisions(watch.next()) == [5, 6])
        watch.deliver([event(7, bytes: 9000)])
        watch.deliver([event(8, bytes: 9000)])
        await #expect(throws: StoreError.watcherFellBehind) { try await watch.next() }
    }

    @Test func aReaderTakesNoMoreThanItAsksFor() async throws {
        let published = PublishedRevision()
        let watch = subscription(published: published)
        for revision in 1...5 as ClosedRange<Int64> { watch.deliver([event(revision, bytes: 1000)]) }
        published.moved(to: Revision(5))
        #expect(try await revisions(watch.next(limit: 1)) == [1])
        #expect(try await revisions(watch.next(limit: 1500)) == [2, 3])
        #expect(watch.deliveredThrough == nil, "some of it still waits")
        // What was taken makes room.
        for revision in 6...11 as ClosedRange<Int64> { watch.deliver([event(revision, bytes: 1000)]) }
        published.moved(to: Revision(11))
        #expect(try await revisions(watch.next()) == Array(4...11))
        #expect(watch.deliveredThrough == Revision(11))
    }
}

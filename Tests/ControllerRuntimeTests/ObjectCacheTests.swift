import APIProtocol
import ControllerRuntime
import ObjectModel
import Synchronization
import Testing

struct Thing: ObjectView {
    static let resource = APIResource(group: "example.com", kind: "Thing", plural: "things")
    let color: String
    init(_ object: Value) { color = object["color"]?.string ?? "" }

    static func object(
        _ name: String, uid: String = "u", revision: Int64, color: String = "red", deleting: Bool = false
    )
        -> Value
    {
        var metadata: Value = [
            "name": .string(name), "namespace": "ns", "uid": .string(uid), "resourceVersion": .string("\(revision)"),
        ]
        if deleting { metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z" }
        return ["metadata": metadata, "color": .string(color)]
    }
}

@Suite struct ObjectCacheTests {
    private func cache() -> ObjectCache<Thing> {
        ObjectCache(indices: [.namespace, CacheIndex("color") { [$0.view.color] }])
    }
    private func key(_ name: String) -> NamespacedName { NamespacedName(namespace: "ns", name: name) }

    @Test func indicesFollowChanges() {
        let cache = cache()
        cache.replace([Thing.object("a", revision: 1), Thing.object("b", revision: 2)], at: Revision(2))
        #expect(cache.objects("color", "red").map(\.key.name) == ["a", "b"])
        cache.apply(WatchEvent(kind: .modified, object: Thing.object("a", revision: 3, color: "blue")))
        #expect(cache.objects("color", "red").map(\.key.name) == ["b"])
        #expect(cache.objects("color", "blue").map(\.key.name) == ["a"])
        cache.apply(WatchEvent(kind: .deleted, object: Thing.object("b", revision: 4)))
        #expect(cache.count("color", "red") == 0)
        #expect(cache.count("namespace", "ns") == 1)
        #expect(cache.revision == Revision(4))
    }

    @Test func subscribersSeeOldAndNewInOrder() {
        let cache = cache()
        let seen = Mutex<[String]>([])
        cache.onChange { change in
            let text = "\(change.old?.view.color ?? "-")>\(change.new?.view.color ?? "-")"
            seen.withLock { $0.append(text) }
        }
        cache.apply(WatchEvent(kind: .added, object: Thing.object("a", revision: 1)))
        cache.apply(WatchEvent(kind: .modified, object: Thing.object("a", revision: 2, color: "blue")))
        cache.apply(WatchEvent(kind: .modified, object: Thing.object("a", revision: 2, color: "blue")))
        cache.apply(WatchEvent(kind: .deleted, object: Thing.object("a", revision: 3, color: "blue")))
        #expect(seen.withLock { $0 } == ["->red", "red>blue", "blue>-"])
    }

    @Test func aListThatLacksAnObjectDeletesIt() {
        let cache = cache()
        let gone = Mutex<[String]>([])
        cache.onChange { change in
            if change.new == nil { gone.withLock { $0.append(change.latest.uid) } }
        }
        cache.replace(
            [Thing.object("a", uid: "1", revision: 1), Thing.object("b", uid: "2", revision: 2)], at: Revision(2))
        cache.replace([Thing.object("a", uid: "3", revision: 5)], at: Revision(9))
        #expect(gone.withLock { $0.sorted() } == ["1", "2"])
        #expect(cache.object(key("a"))?.uid == "3")
        #expect(cache.revision == Revision(9))
    }

    /// Found by simulation, seed 47: the old deletion, brought again, took the new object of that name with it.
    @Test func whatIsBroughtTwiceIsOldNews() {
        let cache = cache()
        let history = [
            WatchEvent(kind: .added, object: Thing.object("a", uid: "1", revision: 1)),
            WatchEvent(kind: .deleted, object: Thing.object("a", uid: "1", revision: 2)),
            WatchEvent(kind: .added, object: Thing.object("a", uid: "2", revision: 3)),
        ]
        for event in history { cache.apply(event) }
        let changes = Mutex(0)
        cache.onChange { _ in changes.withLock { $0 += 1 } }
        for event in history { cache.apply(event) }
        #expect(changes.withLock { $0 } == 0)
        #expect(cache.object(key("a"))?.uid == "2")
    }

    @Test func bookmarksMoveTheRevisionOnly() {
        let cache = cache()
        cache.apply(WatchEvent(kind: .bookmark, object: ["metadata": ["resourceVersion": "12"]]))
        #expect(cache.revision == Revision(12))
        #expect(cache.allObjects.isEmpty)
    }

    @Test func aKeyWaitsUntilItsWritesAreSeen() {
        let cache = cache()
        cache.replace([Thing.object("a", revision: 1)], at: Revision(1))
        var barrier = Barrier<String>([cache])
        barrier.expect(
            [
                Expectation(Thing.resource, .revision(Revision(5))),
                Expectation(Thing.resource, .deletion(key("a"), uid: "u")),
            ], of: "key", now: .zero)
        let answer1 = barrier.admits("key")
        #expect(!answer1)
        let answer2 = barrier.admits("other")
        #expect(answer2)
        cache.apply(WatchEvent(kind: .modified, object: Thing.object("b", revision: 5)))
        let answer3 = barrier.release()
        #expect(answer3.isEmpty)
        cache.apply(WatchEvent(kind: .modified, object: Thing.object("a", revision: 6, deleting: true)))
        let answer4 = barrier.release()
        #expect(answer4 == ["key"])
        let answer5 = barrier.admits("key")
        #expect(answer5)
    }

    @Test func whatIsSeenLeavesNothingOfKeysThatNobodyAsksFor() {
        let cache = cache()
        var barrier = Barrier<String>([cache])
        for number in 1...3 {
            barrier.expect(
                [Expectation(Thing.resource, .revision(Revision(Int64(number))))], of: "key\(number)", now: .zero)
        }
        #expect(barrier.count == 3)
        cache.apply(WatchEvent(kind: .added, object: Thing.object("b", revision: 2)))
        let released = barrier.release()
        #expect(released.isEmpty)
        #expect(barrier.count == 1)
    }

    @Test func anUnknownOutcomeWaitsForAListBegunLater() {
        let cache = cache()
        var barrier = Barrier<String>([cache])
        barrier.expect([Expectation(Thing.resource, .freshList)], of: "key", now: .zero)
        let answer6 = barrier.admits("key")
        #expect(!answer6)
        cache.replace([], at: Revision(50), answering: 0)
        let answer7 = barrier.release()
        #expect(answer7.isEmpty)
        cache.replace([], at: Revision(51), answering: 1)
        let answer8 = barrier.release()
        #expect(answer8 == ["key"])
    }

    @Test func whatIsNotSeenInTenSecondsIsListed() {
        let cache = cache()
        var barrier = Barrier<String>([cache])
        barrier.expect([Expectation(Thing.resource, .revision(Revision(99)))], of: "key", now: .zero)
        let answer9 = barrier.admits("key")
        #expect(!answer9)
        #expect(barrier.nextDeadline == .seconds(10))
        barrier.relistOverdue(now: .seconds(9))
        cache.replace([], at: Revision(5), answering: 1)
        let answer10 = barrier.release()
        #expect(answer10.isEmpty)
        barrier.relistOverdue(now: .seconds(10))
        cache.replace([], at: Revision(6), answering: 1)
        let answer11 = barrier.release()
        #expect(answer11 == ["key"])
    }
}

internal import ObjectModel
internal import ObjectStorage
internal import Testing

extension StoreConformance {
    static let watchChecks: [StoreCheck] = [
        StoreCheck("events tell kind, object and the one before, and a deletion its final state") {
            store async throws in
            let watch = try await store.events(in: all, after: .zero)
            let first = try await store.commit(create("a", "one"))
            let second = try await store.commit(update("a", "two", from: first))
            let third = try await store.commit(delete("a", final: "final", from: second))
            let events = try await take(3, from: watch)
            #expect(events.map(\.kind) == [.created, .updated, .deleted])
            #expect(events.map(\.revision) == [first, second, third])
            #expect(events.map { text($0.current) } == ["one", "two", "final"])
            #expect(events.map { text($0.previous) } == [nil, "one", "two"])
            watch.cancel()
        },
        StoreCheck("a watch from an old revision begins right behind it") { store async throws in
            for number in 1...20 { _ = try await store.commit(create("n\(number)")) }
            let watch = try await store.events(in: all, after: Revision(12))
            _ = try await store.commit(create("late"))
            let events = try await take(9, from: watch)
            #expect(events.map(\.revision.value) == Array(13...21))
            watch.cancel()
        },
        StoreCheck("a watch gives its range only and knows how far it is") { store async throws in
            let watch = try await store.events(in: KeyRange(resource, namespace: "mine"), after: .zero)
            _ = try await store.commit(create("a", in: "other"))
            _ = try await store.commit(create("b", in: "mine"))
            #expect(watch.deliveredThrough == nil)
            #expect(try await take(1, from: watch).map(\.current.key) == [key("b", in: "mine")])
            _ = try await store.commit(create("c", in: "other"))
            #expect(watch.deliveredThrough == Revision(3))
            watch.cancel()
        },
        StoreCheck("watchers of all, a resource, a namespace and one object get what is theirs, whatever the names") {
            store async throws in
            let other = StoreKey(GroupResource(group: "example.com", resource: "wid"), namespace: "", name: "default")
            let ranges = [
                KeyRange.everything, all, KeyRange(resource, namespace: "a"), KeyRange(key("b", in: "a")),
                KeyRange(other),
            ]
            var watches: [EventSubscription] = []
            for range in ranges { watches.append(try await store.events(in: range, after: .zero)) }
            // Each is the beginning of another.
            let keys = [
                key("b", in: "a"), key("bc", in: "a"), key("b", in: "ab"), key("a", in: "b"), other,
                StoreKey(GroupResource(group: "example.com", resource: "widg"), namespace: "", name: "default"),
                key("b", in: "a"),
            ]
            var revision: [StoreKey: Revision] = [:]
            for key in keys {
                let precondition = revision[key].map { StoreWrite.Precondition.revision($0) } ?? .absent
                revision[key] = try await store.commit(
                    StoreWrite(key: key, precondition: precondition, change: .put(object("x"))))
            }
            for (range, watch) in zip(ranges, watches) {
                let expected = keys.filter(range.contains)
                #expect(try await take(expected.count, from: watch).map(\.current.key) == expected)
                #expect(watch.deliveredThrough == Revision(Int64(keys.count)))
                watch.cancel()
            }
        },
        StoreCheck("every watcher sees every event once and in order while many write") { store async throws in
            let watches = try await withThrowingTaskGroup(of: [Int64].self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        let watch = try await store.events(in: all, after: .zero)
                        defer { watch.cancel() }
                        return try await take(400, from: watch).map(\.revision.value)
                    }
                }
                try await withThrowingTaskGroup(of: Void.self) { writers in
                    for number in 0..<400 {
                        writers.addTask { _ = try await store.commit(create("n\(number)")) }
                    }
                    try await writers.waitForAll()
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(watches == Array(repeating: Array(1...400), count: 5))
        },
        StoreCheck("a watcher that falls behind loses its place instead of growing") { store async throws in
            let watch = try await store.events(in: all, after: .zero)
            try await withThrowingTaskGroup(of: Void.self) { writers in
                for number in 0...EventSubscription.defaultCapacity {
                    writers.addTask { _ = try await store.commit(create("n\(number)")) }
                }
                try await writers.waitForAll()
            }
            await #expect(throws: StoreError.watcherFellBehind) { try await watch.next() }
            watch.cancel()
        },
        StoreCheck("a cancelled watch ends its reader") { store async throws in
            let watch = try await store.events(in: all, after: .zero)
            let result = await withTaskGroup(of: StoreError?.self) { group in
                group.addTask {
                    do throws(StoreError) {
                        _ = try await watch.next()
                        return nil
                    } catch { return error }
                }
                group.cancelAll()
                return await group.next()
            }
            #expect(result == .some(.cancelled))
        },
    ]

    static let compactionChecks: [StoreCheck] = [
        StoreCheck("what is compacted can neither be read nor watched from, the rest can") { store async throws in
            var revision = try await store.commit(create("a", "0"))
            for number in 1...9 { revision = try await store.commit(update("a", "\(number)", from: revision)) }
            try await store.compact(through: Revision(6))
            let compacted = StoreError.compacted(oldest: Revision(6))
            await #expect(throws: compacted) {
                try await store.objects(in: all, at: .exactly(Revision(5)), after: nil, limit: nil)
            }
            await #expect(throws: compacted) { try await store.events(in: all, after: Revision(5)) }
            let page = try await store.objects(in: all, at: .exactly(Revision(6)), after: nil, limit: nil)
            #expect(texts(page) == ["5"])
            let watch = try await store.events(in: all, after: Revision(6))
            #expect(try await take(4, from: watch).map { text($0.current) } == ["6", "7", "8", "9"])
            watch.cancel()
            #expect(text(try await store.object(at: key("a"))) == "9")
        },
        StoreCheck("compacting everything, twice and beyond the newest revision, keeps the newest state") {
            store async throws in
            let first = try await store.commit(create("a", "kept"))
            let second = try await store.commit(create("b", "gone"))
            _ = try await store.commit(delete("b", final: "gone", from: second))
            for _ in 0..<2 { try await store.compact(through: Revision(100)) }
            #expect(try await store.currentRevision() == Revision(3))
            #expect(text(try await store.object(at: key("a"))) == "kept")
            #expect(try await store.commit(update("a", "more", from: first)) == Revision(4))
        },
    ]
}

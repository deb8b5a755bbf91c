internal import ObjectModel
internal import ObjectStorage
internal import Testing

extension StoreConformance {
    static let readChecks: [StoreCheck] = [
        StoreCheck("a range gives its keys in order and no others") { store async throws in
            for name in ["b", "c", "a"] { _ = try await store.commit(create(name)) }
            _ = try await store.commit(create("a", in: "other"))
            _ = try await store.commit(create("z", in: "default-2"))
            let page = try await store.objects(
                in: KeyRange(resource, namespace: "default"), at: .latest, after: nil, limit: nil)
            #expect(names(page) == ["a", "b", "c"])
            #expect(page.revision == Revision(5))
            #expect(page.remaining == 0)
            #expect(try await store.objects(in: .everything, at: .latest, after: nil, limit: nil).objects.count == 5)
        },
        StoreCheck("pages at one revision are one state, whatever is written between") { store async throws in
            for number in 10..<40 { _ = try await store.commit(create("n\(number)", "old")) }
            let revision = try await store.currentRevision()
            var names: [String] = []
            var after: StoreKey?
            var expectedRemaining = 30
            repeat {
                let page = try await store.objects(in: all, at: .exactly(revision), after: after, limit: 7)
                #expect(page.revision == revision)
                #expect(texts(page).allSatisfy { $0 == "old" })
                expectedRemaining -= page.objects.count
                #expect(page.remaining == expectedRemaining)
                names += Self.names(page)
                after = page.objects.last?.key
                try await disturb(store, step: names.count)
            } while expectedRemaining > 0 && after != nil
            #expect(names == (10..<40).map { "n\($0)" })
        },
        StoreCheck("what meets a condition on a field is found, in order, as it is now") { store async throws in
            var revisions: [Revision] = []
            for number in 0..<300 {
                revisions.append(try await store.commit(create("n\(number)", number.isMultiple(of: 50) ? "x" : "y")))
            }
            _ = try await store.commit(create("n0", "x", in: "other"))
            #expect(try await found("x", in: store) == ["n0", "n100", "n150", "n200", "n250", "n50"])
            _ = try await store.commit(update("n7", "x", from: revisions[7]))
            _ = try await store.commit(update("n50", "y", from: revisions[50]))
            _ = try await store.commit(delete("n100", final: "x", from: revisions[100]))
            let last = try await store.commit(create("n300", "x"))
            #expect(try await found("x", in: store) == ["n0", "n150", "n200", "n250", "n300", "n7"])
            #expect(try await found("z", in: store) == [])
            await #expect(throws: StoreError.futureRevision(current: last)) {
                try await found("x", in: store, notOlderThan: last.next)
            }
        },
        StoreCheck("an exact read shows a past state with deletions undone") { store async throws in
            let first = try await store.commit(create("a", "one"))
            let second = try await store.commit(update("a", "two", from: first))
            let third = try await store.commit(delete("a", final: "two", from: second))
            _ = try await store.commit(create("a", "again"))
            var seen: [[String]] = []
            for revision in [.zero, first, second, third, third.next] {
                seen.append(texts(try await store.objects(in: all, at: .exactly(revision), after: nil, limit: nil)))
            }
            #expect(seen == [[], ["one"], ["two"], [], ["again"]])
        },
        StoreCheck("a revision ahead of the store is told apart") { store async throws in
            _ = try await store.commit(create("a"))
            let future = StoreError.futureRevision(current: Revision(1))
            await #expect(throws: future) {
                try await store.objects(in: all, at: .notOlderThan(Revision(2)), after: nil, limit: nil)
            }
            await #expect(throws: future) {
                try await store.objects(in: all, at: .exactly(Revision(2)), after: nil, limit: nil)
            }
            await #expect(throws: future) { try await store.events(in: all, after: Revision(2)) }
            let page = try await store.objects(in: all, at: .notOlderThan(Revision(1)), after: nil, limit: nil)
            #expect(page.revision == Revision(1))
        },
        StoreCheck("thousands of keys stay in order through inserts and removals") { store async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<2000 {
                    group.addTask { _ = try await store.commit(create("n\((number * 7919) % 2000 + 10_000)")) }
                }
                try await group.waitForAll()
            }
            let page = try await store.objects(in: all, at: .latest, after: nil, limit: nil)
            #expect(names(page) == (10_000..<12_000).map { "n\($0)" })
            for object in page.objects where object.value.name.hasSuffix("3") {
                _ = try await store.commit(delete(object.value.name, final: "", from: object.revision))
            }
            let rest = try await store.objects(in: all, at: .latest, after: key("n10500"), limit: 3)
            #expect(names(rest) == ["n10501", "n10502", "n10504"])
            #expect(rest.remaining == 1499 - 150 - 3)
        },
    ]

    /// The names of the objects in `default` with this text, as a condition finds them.
    private static func found(
        _ text: String, in store: any Store, notOlderThan revision: Revision = .zero
    ) async throws -> [String] {
        let page = try await store.objects(
            in: KeyRange(resource, namespace: "default"), meeting: FieldCondition(path: ["text"], value: text),
            notOlderThan: revision)
        return page.objects.filter { Self.text($0) == text }.map(\.value.name)
    }

    private static func disturb(_ store: any Store, step: Int) async throws {
        _ = try await store.commit(create("n1\(step % 10)x\(step)", "new"))
        for name in ["n12", "n25", "n39"] {
            guard let object = try await store.object(at: key(name)) else { continue }
            _ = try await store.commit(
                step > 14
                    ? delete(name, final: "gone", from: object.revision) : update(name, "new", from: object.revision))
        }
    }
}

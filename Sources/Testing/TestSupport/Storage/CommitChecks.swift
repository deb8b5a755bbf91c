internal import ObjectModel
internal import ObjectStorage
internal import Testing

extension StoreConformance {
    static let commitChecks: [StoreCheck] = [
        StoreCheck("an empty store is at revision zero and has no objects") { store async throws in
            #expect(try await store.currentRevision() == .zero)
            #expect(try await store.object(at: key("a")) == nil)
            #expect(try await store.objects(in: all, at: .latest, after: nil, limit: nil).objects.isEmpty)
        },
        StoreCheck("revisions grow by one, and a failed precondition consumes none") { store async throws in
            #expect(try await store.commit(create("a")) == Revision(1))
            await #expect(throws: StoreError.self) { try await store.commit(create("a")) }
            await #expect(throws: StoreError.self) { try await store.commit(update("a", "", from: Revision(7))) }
            #expect(try await store.commit(create("b")) == Revision(2))
            #expect(try await store.currentRevision() == Revision(2))
        },
        StoreCheck("a read after a commit sees it, with its bytes and revision") { store async throws in
            for number in 1...50 {
                let revision = try await store.commit(create("a\(number)", "text \(number)"))
                let read = try #require(try await store.object(at: key("a\(number)")))
                #expect(read.revision == revision)
                #expect(read.object == object("a\(number)", "text \(number)"))
                #expect(read.value.revision == revision)
            }
        },
        StoreCheck("a conflict shows the object that is there") { store async throws in
            let revision = try await store.commit(create("a", "first"))
            let current = StoredObject(key: key("a"), object: object("a", "first"), revision: revision)
            await #expect(throws: StoreError.conflict(current: current)) { try await store.commit(create("a")) }
            await #expect(throws: StoreError.conflict(current: current)) {
                try await store.commit(update("a", "x", from: Revision(99)))
            }
        },
        StoreCheck("a write to something missing is a conflict with nothing") { store async throws in
            await #expect(throws: StoreError.conflict(current: nil)) {
                try await store.commit(update("a", "x", from: Revision(1)))
            }
            await #expect(throws: StoreError.conflict(current: nil)) {
                try await store.commit(delete("a", final: "x", from: Revision(1)))
            }
        },
        StoreCheck("a deleted name can be taken again") { store async throws in
            let first = try await store.commit(create("a", "one"))
            _ = try await store.commit(delete("a", final: "one", from: first))
            #expect(try await store.object(at: key("a")) == nil)
            _ = try await store.commit(create("a", "two"))
            #expect(text(try await store.object(at: key("a"))) == "two")
        },
        StoreCheck("of many writers with one precondition exactly one succeeds") { store async throws in
            let first = try await store.commit(create("a", "0"))
            let winners = await withTaskGroup(of: Bool.self) { group in
                for number in 1...40 {
                    group.addTask { (try? await store.commit(update("a", "\(number)", from: first))) != nil }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(winners == 1)
            #expect(try await store.currentRevision() == Revision(2))
        },
        StoreCheck("concurrent writers get every revision once") { store async throws in
            let revisions = try await withThrowingTaskGroup(of: Revision.self) { group in
                for number in 0..<300 { group.addTask { try await store.commit(create("n\(number)")) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(revisions.map(\.value).sorted() == Array(1...300))
            for revision: Int64 in [1, 150, 300] {
                let wanted = ReadRevision.exactly(Revision(revision))
                let page = try await store.objects(in: all, at: wanted, after: nil, limit: nil)
                #expect(page.objects.count == Int(revision))
            }
        },
        StoreCheck("a cancelled caller's write happens wholly or not at all") { store async throws in
            let outcome = await withTaskGroup(of: Result<Revision, any Error>.self) { group in
                group.addTask { await Result { try await store.commit(create("a", "late")) } }
                group.cancelAll()
                return await group.next()
            }
            let stored = try await store.object(at: key("a"))
            switch try #require(outcome) {
            case .success(let revision): #expect(stored?.revision == revision)
            case .failure(let error):
                #expect(error as? StoreError == .cancelled)
                #expect(stored == nil)
            }
        },
    ]
}

extension Result where Failure == any Error {
    init(catching body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

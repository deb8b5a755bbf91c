import ObjectModel
import ObjectStorage
import TestSupport
import Testing

@Suite struct MemoryStoreTests {
    @Test(arguments: StoreConformance.checks) func keepsThePromiseOfAStore(_ check: StoreCheck) async throws {
        try await check.run(on: MemoryStore())
    }

    @Test func forgetsHistoryBeyondItsBytes() async throws {
        let store = MemoryStore(policy: CompactionPolicy(maximumBytes: 20_000))
        var revision = try await store.commit(StoreConformance.create("a"))
        for number in 0..<200 {
            revision = try await store.commit(StoreConformance.update("a", "\(number)", from: revision))
        }
        await #expect(throws: StoreError.self) {
            try await store.events(in: .everything, after: Revision(1))
        }
        let watch = try await store.events(in: .everything, after: Revision(revision.value - 10))
        #expect(try await StoreConformance.take(10, from: watch).count == 10)
    }
}

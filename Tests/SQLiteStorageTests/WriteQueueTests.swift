import ObjectModel
import ObjectStorage
import TestSupport
import Testing

@testable import SQLiteStorage

@Suite struct WriteQueueTests {
    @Test func oneDrainTakesWhatWaitsInBatchesAndBeyondTheLimitWritesAreRefused() async {
        await withPending { make in
            var queue = WriteQueue()
            #expect(queue.add(make()) == .startDraining)
            for _ in 1..<WriteQueue.maximumCount { #expect(queue.add(make()) == .wait) }
            guard case .refuse(.unavailable(let message)) = queue.add(make()) else {
                Issue.record("the queue grew beyond its limit")
                return
            }
            #expect(message.contains("10000 writes waiting"))
            #expect(queue.takeBatch().count == WriteQueue.batchCount)
            #expect(queue.add(make()) == .wait)
            while !queue.takeBatch().isEmpty {}
            #expect(queue.add(make()) == .startDraining)
            queue.close()
            #expect(queue.add(make()) == .refuse(.unavailable("the store is closed")))
        }
    }

    /// Lends writes that share one waiter, which is answered at the end.
    private func withPending(_ body: (() -> PendingWrite) -> Void) async {
        let result = await withCheckedContinuation { waiter in
            body { .commit(StoreConformance.create("a"), waiter) }
            waiter.resume(returning: .success(.zero))
        }
        #expect(result == .success(.zero))
    }
}

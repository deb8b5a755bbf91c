import Testing

@testable import Timers

@Suite struct SleepQueueTests {
    @Test func sleepersWakeInTheOrderOfTheirTimesAndNotBefore() async throws {
        let queue = SleepQueue()
        let begin = ContinuousClock.now
        let woken = try await withThrowingTaskGroup(of: (Int, Duration).self) { group in
            // Far enough apart for a machine that is busy.
            for milliseconds in [900, 300, 1500, 600] {
                group.addTask {
                    try await queue.sleep(for: .milliseconds(milliseconds))
                    return (milliseconds, ContinuousClock.now - begin)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(woken.map(\.0) == [300, 600, 900, 1500])
        for (milliseconds, time) in woken { #expect(time >= .milliseconds(milliseconds)) }
        #expect(queue.placeCount == 0)
    }

    @Test func aCancelledSleepThrowsAtOnceAndLeavesNothingBehind() async {
        let queue = SleepQueue()
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<2000 {
                group.addTask {
                    do {
                        try await queue.sleep(for: .seconds(3600))
                        return false
                    } catch {
                        return error is CancellationError
                    }
                }
            }
            while queue.placeCount < 2000 { await Task.yield() }
            group.cancelAll()
            for await isCancelled in group { #expect(isCancelled) }
        }
        #expect(queue.placeCount <= 256)
    }

    @Test func oneCancelledSleepEndsWhileTheOthersGoOn() async throws {
        let queue = SleepQueue()
        let others = (0..<3).map { _ in Task { try await queue.sleep(for: .seconds(3600)) } }
        for number in 1...20 {
            let one = Task { try await queue.sleep(for: .seconds(1800)) }
            while queue.placeCount < others.count + number { await Task.yield() }
            one.cancel()
            await #expect(throws: CancellationError.self) { try await one.value }
        }
        for other in others { other.cancel() }
        for other in others { await #expect(throws: CancellationError.self) { try await other.value } }
    }

    @Test(arguments: [Duration.zero, .seconds(-1)]) func nothingToWaitForNeedsNoTimer(_ duration: Duration) async throws
    {
        let queue = SleepQueue()
        try await queue.sleep(for: duration)
        #expect(queue.placeCount == 0)
    }

    @Test func aShortSleepBehindALongOneIsNotHeldUp() async throws {
        let queue = SleepQueue()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await queue.sleep(for: .seconds(3600)) }
            for _ in 0..<3 { try await queue.sleep(for: .milliseconds(5)) }
            group.cancelAll()
            while let result = await group.nextResult() {
                #expect(throws: CancellationError.self) { try result.get() }
            }
        }
    }

    @Test func whoeverIsCancelledAlreadyDoesNotSleep() async {
        let queue = SleepQueue()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await queue.sleep(for: .seconds(3600))
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(queue.placeCount == 0)
    }
}

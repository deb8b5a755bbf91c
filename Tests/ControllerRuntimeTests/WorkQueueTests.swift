import ControllerRuntime
import Testing

@Suite struct WorkQueueTests {
    @Test func aKeyAddedTwiceIsTakenOnce() {
        var queue = WorkQueue<String>()
        queue.add("a")
        queue.add("a")
        #expect(queue.take() == "a")
        #expect(queue.take() == nil)
    }

    @Test func aKeyAddedWhileInWorkComesBackAfterwards() {
        var queue = WorkQueue<String>()
        queue.add("a")
        #expect(queue.take() == "a")
        queue.add("a")
        #expect(queue.take() == nil)
        queue.done("a")
        #expect(queue.take() == "a")
        queue.done("a")
        #expect(queue.take() == nil)
    }

    @Test func keysComeInTheOrderOfAdding() {
        var queue = WorkQueue<Int>()
        for key in 0..<500 { queue.add(key) }
        for key in 0..<500 { #expect(queue.take() == key) }
        #expect(queue.inProgress == 500)
    }

    @Test func delayedKeysComeWhenDueAndTheEarlierTimeWins() {
        var queue = WorkQueue<String>()
        queue.add("a", at: .seconds(10))
        queue.add("b", at: .seconds(5))
        queue.add("a", at: .seconds(2))
        queue.add("a", at: .seconds(20))
        #expect(queue.nextDue == .seconds(2))
        queue.advance(to: .seconds(2))
        #expect(queue.take() == "a")
        #expect(queue.take() == nil)
        queue.advance(to: .seconds(30))
        #expect(queue.take() == "b")
        #expect(queue.take() == nil)
        #expect(queue.nextDue == nil)
    }

    @Test func failuresBackOffAsUpstream() {
        var queue = WorkQueue<String>()
        let delays = (0..<5).map { _ in queue.addAfterFailure("a", now: .zero) }
        #expect(delays == [5, 10, 20, 40, 80].map { .milliseconds($0) })
        for _ in 0..<40 { queue.addAfterFailure("a", now: .zero) }
        #expect(queue.addAfterFailure("a", now: .zero) == .seconds(1000))
        queue.forget("a")
        #expect(queue.addAfterFailure("a", now: .zero) == .milliseconds(5))
    }

    @Test func jitterStaysBetweenHalfAndWhole() {
        for failures in 1...20 {
            let whole = BackOff.watches.delay(failures: failures)
            #expect(BackOff.watches.delay(failures: failures, random: 0) == whole * 0.5)
            #expect(BackOff.watches.delay(failures: failures, random: 0.999) < whole)
        }
    }
}

import ControllerRuntime
import Testing

@Suite struct WorkQueueTests {
    @Test func aKeyAddedTwiceIsTakenOnce() {
        var queue = WorkQueue<String>()
        queue.add("a", now: .zero)
        queue.add("a", now: .zero)
        #expect(queue.next() == "a")
        #expect(queue.next() == nil)
    }

    @Test func aKeyAddedWhileInWorkComesBackAfterwards() {
        var queue = WorkQueue<String>()
        queue.add("a", now: .zero)
        #expect(queue.next() == "a")
        queue.add("a", now: .zero)
        #expect(queue.next() == nil)
        queue.done("a", now: .zero)
        #expect(queue.next() == "a")
        queue.done("a", now: .zero)
        #expect(queue.next() == nil)
    }

    @Test func keysComeInTheOrderOfAdding() {
        var queue = WorkQueue<Int>()
        for key in 0..<500 { queue.add(key, now: .zero) }
        for key in 0..<500 { #expect(queue.next() == key) }
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
        #expect(queue.next() == "a")
        #expect(queue.next() == nil)
        queue.advance(to: .seconds(30))
        #expect(queue.next() == "b")
        #expect(queue.next() == nil)
        #expect(queue.nextDue == nil)
    }

    @Test func timesAreThoseOfWaitingAndOfWork() {
        var queue = WorkQueue<String>()
        queue.add("a", at: .seconds(1))
        queue.advance(to: .seconds(2))
        let first = queue.take(now: .seconds(5))
        #expect(first?.waited == .seconds(3))
        queue.add("a", now: .seconds(6))
        #expect(queue.timesInWork(at: .seconds(9)) == [.seconds(4)])
        let work = queue.done("a", now: .seconds(10))
        #expect(work == .seconds(5))
        // It waited from when it was added, not from when it became ready.
        let second = queue.take(now: .seconds(11))
        #expect(second?.waited == .seconds(5))
    }

    @Test func additionsAreToldOnce() {
        var queue = WorkQueue<String>()
        let additions = (0..<2).map { _ in queue.add("a", now: .zero) }
        #expect(additions == [true, false])
        queue.add("a", at: .seconds(1))
        queue.add("b", at: .seconds(1))
        let due = queue.advance(to: .seconds(1))
        #expect(due == 1)
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

extension WorkQueue {
    fileprivate mutating func next() -> Key? { take(now: .zero)?.key }
}

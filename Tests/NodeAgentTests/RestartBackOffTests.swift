import NodeAgent
import ObjectModel
import Testing

@Suite struct RestartBackOffTests {
    @Test func waitingTimesDoubleUpToFiveMinutes() {
        var backOff = RestartBackOff()
        var now = Timestamp(seconds: 1000)
        var delays: [Int64] = []
        for _ in 0..<7 {
            backOff.tried("web", failedAt: now, now: now)
            delays.append(backOff.delay("web").components.seconds)
            now = now + backOff.delay("web")
        }
        #expect(delays == [10, 20, 40, 80, 160, 300, 300])
    }

    @Test func tenMinutesWithoutAFailureAreForgiven() {
        var backOff = RestartBackOff()
        let start = Timestamp(seconds: 1000)
        backOff.tried("web", failedAt: start, now: start)
        backOff.tried("web", failedAt: start, now: start)
        let later = start + .seconds(601)
        #expect(backOff.remaining("web", failedAt: later, now: later) == nil)
        backOff.tried("web", failedAt: later, now: later)
        #expect(backOff.delay("web") == .seconds(10))
    }

    @Test func nothingWaitsBeforeTheFirstFailure() {
        let now = Timestamp(seconds: 1000)
        #expect(RestartBackOff().remaining("web", failedAt: now, now: now) == nil)
    }
}

import Testing

@testable import CRIRuntime

@Suite struct SandboxRunsTests {
    @Test func aStartIsExplainedByTheCallThatMadeIt() {
        let runs = SandboxRuns()
        let run = runs.begin()
        #expect(runs.mayExplain("s1"))
        #expect(!runs.end(run, made: "s1"))
        // From here on nothing is under way that could.
        #expect(!runs.mayExplain("s2"))
    }

    @Test func aStartThatNoCallExplainsIsToldWhenTheLastThatMightHasEnded() {
        let runs = SandboxRuns()
        let (first, second) = (runs.begin(), runs.begin())
        #expect(runs.mayExplain("stranger"))
        #expect(runs.mayExplain("s1"))
        let third = runs.begin()
        #expect(!runs.end(first, made: "s1"))
        // The third began after the stranger had started: it is not waited for.
        #expect(runs.end(second, made: "s2"))
        #expect(!runs.end(third, made: nil))
    }

    @Test func aCallThatFailedExplainsNothing() {
        let runs = SandboxRuns()
        let run = runs.begin()
        #expect(runs.mayExplain("half made"))
        #expect(runs.end(run, made: nil))
    }

    @Test func atTheLimitAStartIsNewsAtOnce() {
        let runs = SandboxRuns()
        _ = runs.begin()
        for number in 0..<SandboxRuns.limit { #expect(runs.mayExplain("\(number)")) }
        #expect(!runs.mayExplain("one more"))
    }
}

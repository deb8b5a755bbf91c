import Kinds
import NodeAgent
import ObjectModel
import Testing

@Suite struct ProbeMachineTests {
    private let start = Duration.seconds(1000)
    private func at(_ seconds: Int) -> Duration { start + .seconds(seconds) }

    private func machine(
        _ kind: ProbeKind, _ probe: Value = [:], known: ProbeMachine.Outcome? = nil
    ) -> ProbeMachine {
        ProbeMachine(kind: kind, probe: ProbeView(probe), startedAt: start, known: known)
    }

    @Test func theFirstProbeComesAtOnceWithoutAnInitialDelay() {
        #expect(machine(.readiness).wait(at: start) == .zero)
        #expect(machine(.readiness).wait(at: at(100)) == .zero)
    }

    @Test func theInitialDelayCountsFromTheContainersStart() {
        let machine = machine(.liveness, ["initialDelaySeconds": 5])
        #expect(machine.wait(at: at(1)) == .seconds(4))
        #expect(machine.wait(at: at(5)) == .zero)
    }

    @Test func thePeriodCountsFromTheBeginningOfAProbe() {
        var machine = machine(.readiness, ["periodSeconds": 10])
        machine.began(at: at(2))
        _ = machine.ended(true)
        #expect(machine.wait(at: at(5)) == .seconds(7))
        // A probe longer than its period is followed by the next one at once.
        #expect(machine.wait(at: at(20)) == .zero)
    }

    @Test func beforeItsFirstResultEachKindHasItsOutcome() {
        #expect(machine(.readiness).outcome == .failure)
        #expect(machine(.liveness).outcome == .success)
        #expect(machine(.startup).outcome == .undecided)
        #expect(machine(.readiness, known: .success).outcome == .success)
        #expect(machine(.startup, known: .success).wait(at: start) == nil)
    }

    @Test func readinessChangesAtItsThresholds() {
        var machine = machine(.readiness, ["successThreshold": 2, "failureThreshold": 3])
        // Result, and what the results amount to after it.
        let steps: [(Bool, ProbeMachine.Outcome)] = [
            (true, .failure), (true, .success), (false, .success), (false, .success), (true, .success),
            (false, .success), (false, .success), (false, .failure), (true, .failure), (true, .success),
        ]
        for (index, step) in steps.enumerated() {
            let former = machine.outcome
            let changed = machine.ended(step.0)
            #expect(changed == (step.1 != former), "step \(index)")
            #expect(machine.outcome == step.1, "step \(index)")
        }
        #expect(machine.wait(at: start) != nil)
    }

    @Test(arguments: [ProbeKind.liveness, .startup]) func aFailureIsFinalAtItsThreshold(_ kind: ProbeKind) {
        var machine = machine(kind, ["failureThreshold": 2])
        let before = machine.outcome
        let first = machine.ended(false)
        #expect(!first && machine.outcome == before)
        let second = machine.ended(false)
        #expect(second)
        #expect(machine.outcome == .failure)
        #expect(machine.wait(at: at(1000)) == nil)
    }

    @Test func aStartupProbeEndsWithItsSuccess() {
        var machine = machine(.startup)
        let changed = machine.ended(true)
        #expect(changed)
        #expect(machine.outcome == .success && machine.wait(at: at(1000)) == nil)
    }
}

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

    private static let http: Value = ["httpGet": ["port": 80], "periodSeconds": 1]

    /// The times at which a machine probes when all fail until `success`, in milliseconds after the start.
    private func times(_ machine: ProbeMachine, success: Int, until end: Int) -> [Int] {
        var machine = machine
        var times: [Int] = []
        var now = start
        while let wait = machine.wait(at: now), now + wait <= start + .milliseconds(end) {
            now += wait
            let time = Int((now - start).inSeconds * 1000)
            times.append(time)
            machine.began(at: now)
            _ = machine.ended(time >= success)
        }
        return times
    }

    @Test func aServerThatListensSoonIsFoundSoon() {
        let early = times(machine(.readiness, Self.http), success: 50, until: 2500)
        #expect(early == [0, 20, 60, 1000, 2000])
        let late = times(machine(.startup, Self.http), success: 5000, until: 2500)
        #expect(late == [0, 20, 60, 140, 300, 620, 1000, 2000])
    }

    @Test(
        arguments: [
            (.liveness, ["httpGet": ["port": 80], "periodSeconds": 1]),
            (.readiness, ["exec": ["command": ["x"]], "periodSeconds": 1]),
            (.readiness, ["httpGet": ["port": 80], "periodSeconds": 1, "successThreshold": 2]),
        ] as [(ProbeKind, Value)])
    func othersKeepToTheirPeriod(_ kind: ProbeKind, _ probe: Value) {
        #expect(times(machine(kind, probe), success: 0, until: 2500) == [0, 1000, 2000])
        #expect(times(machine(.readiness, Self.http, known: .success), success: 0, until: 2500) == [0, 1000, 2000])
    }

    @Test func additionalFailuresDoNotCount() {
        var machine = machine(.startup, ["httpGet": ["port": 80], "periodSeconds": 1, "failureThreshold": 2])
        machine.began(at: start)
        #expect(machine.ended(false) == false && !machine.isExtra)
        for milliseconds in [20, 60, 140] {
            machine.began(at: start + .milliseconds(milliseconds))
            #expect(machine.ended(false) == false && machine.isExtra && machine.outcome == .undecided)
        }
        machine.began(at: at(1))
        #expect(machine.ended(false) && !machine.isExtra && machine.outcome == .failure)
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

package import Kinds
internal import NodeInterfaces

/// Which question a probe answers.
package enum ProbeKind: String, Sendable, Hashable, CaseIterable {
    case readiness = "Readiness"
    case liveness = "Liveness"
    case startup = "Startup"
}

/// One probe of one instance of a container, as a machine: when to probe, and what the results amount to
/// (kubelet's prober worker).
///
/// The first probe runs `initialDelaySeconds` after the container's start, the next ones each `periodSeconds` after the
/// one before began. A result counts after its threshold of equal results in a row. A failed liveness or startup probe
/// is final: the container is restarted. Times are those of a clock that never jumps (`ControlClock.uptime`).
package struct ProbeMachine: Sendable, Hashable {
    /// What the results amount to so far.
    package enum Outcome: Sendable, Hashable { case undecided, success, failure }

    /// Which question it answers.
    package let kind: ProbeKind
    /// The probe.
    package let probe: ProbeView
    /// What the results amount to.
    package private(set) var outcome: Outcome
    private var nextAt: Duration
    private var run = 0
    private var lastWasSuccess: Bool?

    /// A machine for a container that started at `startedAt`. `known` is what was found before the agent restarted.
    package init(kind: ProbeKind, probe: ProbeView, startedAt: Duration, known: Outcome? = nil) {
        self.kind = kind
        self.probe = probe
        nextAt = startedAt + .seconds(probe.initialDelaySeconds)
        switch kind {
        case .readiness: outcome = known ?? .failure
        case .liveness: outcome = .success
        case .startup: outcome = known ?? .undecided
        }
    }

    /// How long to wait until the next probe (zero: now); nil when there is none any more.
    package func wait(at now: Duration) -> Duration? {
        if kind == .startup, outcome != .undecided { return nil }
        if kind == .liveness, outcome == .failure { return nil }
        return max(.zero, nextAt - now)
    }

    /// Notes that a probe begins.
    package mutating func began(at now: Duration) { nextAt = now + .seconds(max(1, probe.periodSeconds)) }

    /// Takes the result of a probe; returns whether the outcome changed.
    package mutating func ended(_ isSuccess: Bool) -> Bool {
        run = lastWasSuccess == isSuccess ? run + 1 : 1
        lastWasSuccess = isSuccess
        let threshold = isSuccess ? probe.successThreshold : probe.failureThreshold
        guard run >= threshold else { return false }
        let former = outcome
        outcome = isSuccess ? .success : .failure
        return outcome != former
    }
}

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
///
/// Beyond upstream: between the first probe and the second an HTTP or TCP probe that finds out whether a container is up is
/// made some times more, 20 ms after the first and then ever less often, since most servers listen long before a period is
/// over. Of these only a success counts, and only where one success is enough; a failure is neither counted nor told.
package struct ProbeMachine: Sendable, Hashable {
    /// What the results amount to so far.
    package enum Outcome: Sendable, Hashable { case undecided, success, failure }

    /// Which question it answers.
    package let kind: ProbeKind
    /// The probe.
    package let probe: ProbeView
    /// What the results amount to.
    package private(set) var outcome: Outcome
    /// Whether the probe that began last is one of the additional ones.
    package private(set) var isExtra = false
    private var nextAt: Duration
    /// The time until the next additional probe; nil when there are none any more.
    private var extraPause: Duration?
    /// When the second probe comes without additional ones; nil before the first.
    private var secondAt: Duration?
    private var run = 0
    private var lastWasSuccess: Bool?

    /// A machine for a container that started at `startedAt`. `known` is what was found before the agent restarted.
    package init(kind: ProbeKind, probe: ProbeView, startedAt: Duration, known: Outcome? = nil) {
        self.kind = kind
        self.probe = probe
        nextAt = startedAt + .seconds(probe.initialDelaySeconds)
        if kind != .liveness, known == nil, probe.successThreshold == 1, probe.action.isOverNetwork {
            extraPause = .milliseconds(20)
        }
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
    package mutating func began(at now: Duration) {
        let period = Duration.seconds(max(1, probe.periodSeconds))
        let secondAt = secondAt ?? now + period
        isExtra = self.secondAt != nil && extraPause != nil && now < secondAt
        self.secondAt = secondAt
        guard let pause = extraPause, now < secondAt else {
            extraPause = nil
            nextAt = now + period
            return
        }
        nextAt = min(now + pause, secondAt)
        extraPause = pause * 2
    }

    /// Takes the result of a probe; returns whether the outcome changed.
    package mutating func ended(_ isSuccess: Bool) -> Bool {
        if isExtra, !isSuccess { return false }
        if isSuccess, extraPause != nil {
            extraPause = nil
            nextAt = secondAt ?? nextAt
        }
        run = lastWasSuccess == isSuccess ? run + 1 : 1
        lastWasSuccess = isSuccess
        let threshold = isSuccess ? probe.successThreshold : probe.failureThreshold
        guard run >= threshold else { return false }
        let former = outcome
        outcome = isSuccess ? .success : .failure
        return outcome != former
    }
}

package import Kinds
package import NodeInterfaces
package import ObjectModel

/// Which of a container's probes.
package enum ProbeKind: String, Sendable, Hashable, CaseIterable {
    /// Must succeed once before the others run.
    case startup = "Startup"
    /// Its failure ends the container.
    case liveness = "Liveness"
    /// Tells whether the container serves.
    case readiness = "Readiness"
}

/// What the probes of one instance of a container have found out, and which of them is due (kubelet's probe worker).
///
/// Startup holds the other two back. A finding changes only after as many equal results in a row as its threshold
/// says. A startup or liveness probe that failed is not run again: the instance is to be ended, and its successor gets
/// a new value of this type.
package struct ContainerProbes: Sendable, Hashable {
    /// What is known when the agent takes on a container that ran before the agent started.
    package struct Adoption: Sendable, Hashable {
        /// Whether it had started, by its status.
        package var started: Bool
        /// Whether it was ready, by its status.
        package var ready: Bool
        /// When the agent took it on.
        package var at: Timestamp
        /// In 0..<1: which part of a period to wait, so that not all containers are probed at once.
        package var spread: Double

        /// An adoption.
        package init(started: Bool, ready: Bool, at: Timestamp, spread: Double) {
            self.started = started
            self.ready = ready
            self.at = at
            self.spread = spread
        }
    }

    private struct Track: Sendable, Hashable {
        let spec: ProbeView
        var due: Timestamp
        var begun: Timestamp?
        var last: Bool?
        var run = 0
        var finding: Bool?
    }

    private let containerName: String
    private let startedAt: Timestamp
    private var tracks: [ProbeKind: Track] = [:]

    /// The probes of an instance of `container` that started at `startedAt`.
    package init(_ container: ContainerView, startedAt: Timestamp, adopted: Adoption? = nil) {
        containerName = container.name
        self.startedAt = startedAt
        let specs: [ProbeKind: ProbeView?] = [
            .startup: container.startupProbe, .liveness: container.livenessProbe,
            .readiness: container.readinessProbe,
        ]
        for case (let kind, let spec?) in specs {
            var due = startedAt + .seconds(spec.initialDelaySeconds)
            if let adopted {
                due = max(due, adopted.at + .seconds(spec.periodSeconds) * adopted.spread)
            }
            tracks[kind] = Track(spec: spec, due: due, finding: Self.initialFinding(kind, adopted))
        }
    }

    private static func initialFinding(_ kind: ProbeKind, _ adopted: Adoption?) -> Bool? {
        switch kind {
        case .startup: adopted?.started == true ? true : nil
        case .liveness: true
        case .readiness: adopted?.ready ?? false
        }
    }

    // MARK: Findings

    /// Whether the container has started: nil while its startup probe has not decided.
    package var started: Bool? { tracks[.startup].map(\.finding) ?? true }
    /// Whether it has started and serves.
    package var ready: Bool { started == true && (tracks[.readiness].map { $0.finding == true } ?? true) }
    /// Whether its liveness probe has failed.
    package var livenessFailed: Bool { tracks[.liveness]?.finding == false }

    /// The probe because of which the container is to be ended; nil while it may run.
    package var fatalProbe: ProbeKind? { started == false ? .startup : livenessFailed ? .liveness : nil }
    /// Why the container is to be ended, in kubelet's words; nil while it may run.
    package var reasonToStop: String? {
        fatalProbe.map { "Container \(containerName) failed \($0.rawValue.lowercased()) probe" }
    }
    /// The grace period that the fatal probe sets; nil leaves it to the pod.
    package var stopGrace: Duration? {
        fatalProbe.flatMap { tracks[$0]?.spec.terminationGracePeriodSeconds }.map { .seconds($0) }
    }

    // MARK: Time

    /// The probes to run at `now`; none of them is running.
    package func due(at now: Timestamp) -> [ProbeKind] {
        ProbeKind.allCases.filter { kind in waiting(kind).map { $0 <= now } ?? false }
    }

    /// When the next probe is due; nil while none waits (all are running, done, or held back by one that runs).
    package var nextDue: Timestamp? { ProbeKind.allCases.compactMap(waiting).min() }

    private func waiting(_ kind: ProbeKind) -> Timestamp? {
        guard let track = tracks[kind], track.begun == nil, fatalProbe == nil else { return nil }
        return kind == .startup ? (started == nil ? track.due : nil) : (started == true ? track.due : nil)
    }

    // MARK: Events

    /// The spec of a probe; nil when the container has none of that kind.
    package func spec(_ kind: ProbeKind) -> ProbeView? { tracks[kind]?.spec }

    /// Notes that a probe was begun.
    package mutating func begin(_ kind: ProbeKind, at now: Timestamp) { tracks[kind]?.begun = now }

    /// Notes how a probe that was begun ended. Returns the text of the event `Unhealthy` when it failed.
    package mutating func record(_ kind: ProbeKind, _ result: ProbeResult, at now: Timestamp) -> String? {
        guard var track = tracks[kind], let begun = track.begun else { return nil }
        let succeeded = result == .success
        track.begun = nil
        track.due = max(begun + .seconds(track.spec.periodSeconds), now)
        track.run = track.last == succeeded ? track.run + 1 : 1
        track.last = succeeded
        if track.run >= (succeeded ? track.spec.successThreshold : track.spec.failureThreshold) {
            track.finding = succeeded
        }
        tracks[kind] = track
        if kind == .startup, started == true { releaseOthers(at: now) }
        guard case .failure(let message) = result else { return nil }
        return "\(kind.rawValue) probe failed: \(message)"
    }

    /// The pod is being deleted: only readiness is still probed, and nothing ends the container early.
    package mutating func podIsEnding(at now: Timestamp) {
        tracks[.startup] = nil
        tracks[.liveness] = nil
        releaseOthers(at: now)
    }

    /// A probe that was held back runs as soon as its initial delay, counted from the container's start, is over.
    private mutating func releaseOthers(at now: Timestamp) {
        for kind in [ProbeKind.liveness, .readiness] {
            guard let track = tracks[kind], track.last == nil else { continue }
            tracks[kind]?.due = max(track.due, now)
        }
    }
}

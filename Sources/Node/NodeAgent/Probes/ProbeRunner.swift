internal import ControllerRuntime
internal import Kinds
internal import NodeInterfaces
internal import ObjectModel
internal import Synchronization

/// Runs the probes of a pod's containers; tells its pod when what is known of a container changes.
///
/// Each probe of each container instance is a task of the caller's group. It ends when `keep` no longer names its
/// container, after a final outcome, or, unless it is for readiness, with `keepReadiness`.
final class ProbeRunner: Sendable {
    private struct Running {
        var health: ContainerHealth
        var wakes: [Signal]
        /// Whether only readiness is still asked for.
        var isEnding = false
    }

    private let runtime: any ContainerRuntime
    private let prober: any NetworkProber
    private let clock: ControlClock
    private let report: @Sendable (ProbeKind, ContainerView, ProbeResult) -> Void
    private let changed: @Sendable () -> Void
    private let running = Mutex<[String: Running]>([:])

    /// `report` is told each result that people should know of; `changed` that `health` is another.
    init(
        runtime: any ContainerRuntime, prober: any NetworkProber, clock: ControlClock,
        report: @escaping @Sendable (ProbeKind, ContainerView, ProbeResult) -> Void,
        changed: @escaping @Sendable () -> Void
    ) {
        self.runtime = runtime
        self.prober = prober
        self.clock = clock
        self.report = report
        self.changed = changed
    }

    /// What is known of each probed instance, by the runtime's id.
    var health: [String: ContainerHealth] { running.withLock { $0.mapValues(\.health) } }

    /// Ends the probes of containers that are not in `ids`.
    func keep(_ ids: Set<String>) {
        let ended = running.withLock { running -> [Signal] in
            let gone = running.filter { !ids.contains($0.key) }
            for id in gone.keys { running[id] = nil }
            return gone.values.flatMap(\.wakes)
        }
        for wake in ended { wake.give() }
    }

    /// Ends liveness and startup probes: their container is being stopped. Readiness goes on, so that one that refuses new
    /// work while it ends is seen to.
    func keepReadiness() {
        let wakes = running.withLock { running -> [Signal] in
            for id in running.keys { running[id]?.isEnding = true }
            return running.values.flatMap(\.wakes)
        }
        for wake in wakes { wake.give() }
    }

    /// What is known of an instance for a probe of that kind; nil when the probe has ended.
    private func health(_ id: String, for kind: ProbeKind) -> ContainerHealth? {
        running.withLock { running in
            guard let entry = running[id], kind == .readiness || !entry.isEnding else { return nil }
            return entry.health
        }
    }

    /// Begins to probe an instance; returns the loops to run, none when it is probed already. `reported` is the status
    /// that the API has of this same instance, if any.
    func begin(
        _ container: ContainerView, id: String, startedAt: Timestamp, podIP: String, reported: ContainerStatusView?
    ) -> [@Sendable () async -> Void] {
        let probes: [(ProbeKind, ProbeView?)] = [
            (.startup, container.startupProbe), (.readiness, container.readinessProbe),
            (.liveness, container.livenessProbe),
        ]
        // How long it has run is by the clock of the day, and never less than nothing: that clock may be stepped back.
        let began = clock.uptime() - max(.zero, clock.now() - startedAt)
        let machines = probes.compactMap { kind, probe -> ProbeMachine? in
            guard let probe else { return nil }
            let known: Bool? =
                switch kind {
                case .startup: reported?.started == true ? true : nil
                case .readiness: reported?.ready == true ? true : nil
                case .liveness: nil
                }
            return ProbeMachine(
                kind: kind, probe: probe, startedAt: began, known: known == true ? .success : nil)
        }
        let wakes = machines.map { _ in Signal() }
        let isNew = running.withLock { running in
            guard running[id] == nil else { return false }
            var health = ContainerHealth.unprobed
            for machine in machines { Self.apply(machine, to: &health) }
            running[id] = Running(health: health, wakes: wakes)
            return true
        }
        guard isNew else { return [] }
        return zip(machines, wakes).map { machine, wake in
            { await self.loop(machine, container, id: id, podIP: podIP, wake: wake) }
        }
    }

    private func loop(
        _ first: ProbeMachine, _ container: ContainerView, id: String, podIP: String, wake: Signal
    ) async {
        var machine = first
        let target = HandlerTarget(machine.probe.action, container: container, podIP: podIP)
        while !Task.isCancelled, let health = health(id, for: machine.kind) {
            if machine.kind != .startup, health.started != true {
                if health.started == false { return }
                await wake.wait()
                continue
            }
            let now = clock.uptime()
            guard let wait = machine.wait(at: now) else { return }
            if wait > .zero {
                await wake.wait(atMost: wait, sleep: clock.sleep)
                continue
            }
            machine.began(at: now)
            let result = await run(target, machine.probe, id: id)
            guard !Task.isCancelled, self.health(id, for: machine.kind) != nil else { return }
            take(result, &machine, container, id: id)
        }
    }

    private func take(_ result: ProbeResult, _ machine: inout ProbeMachine, _ container: ContainerView, id: String) {
        if result != .success, !machine.isExtra { report(machine.kind, container, result) }
        guard machine.ended(result.isSuccess) else { return }
        let finding = machine
        let wakes = running.withLock { running -> [Signal] in
            guard var entry = running[id] else { return [] }
            Self.apply(finding, to: &entry.health)
            running[id] = entry
            return finding.kind == .startup ? entry.wakes : []
        }
        for wake in wakes { wake.give() }
        changed()
    }

    private func run(_ target: HandlerTarget, _ probe: ProbeView, id: String) async -> ProbeResult {
        let timeout = Duration.seconds(max(1, probe.timeoutSeconds))
        switch target {
        case .invalid(let text): return .failure(text)
        case .network(let request): return await prober.probe(request, timeout: timeout)
        case .command(let command):
            do throws(RuntimeError) {
                let result = try await runtime.execSync(id, command: command, timeout: timeout)
                return result.exitCode == 0 ? .success : .failure(result.output)
            } catch .timedOut {
                return .failure("command timed out: \(command) timed out after \(GoDuration.text(timeout))")
            } catch {
                return .failure("command failed: \(error.text)")
            }
        }
    }

    private static func apply(_ machine: ProbeMachine, to health: inout ContainerHealth) {
        switch machine.kind {
        case .readiness: health.ready = machine.outcome == .success
        case .liveness: health.livenessFailed = machine.outcome == .failure
        case .startup:
            health.started =
                switch machine.outcome {
                case .undecided: nil
                case .success: true
                case .failure: false
                }
        }
    }
}

internal import APIProtocol
internal import ControllerRuntime
internal import Kinds
internal import ObjectModel
internal import Synchronization

/// Writes the status of one pod: the newest wins, nobody waits for the API, and a write that would change nothing is
/// not made.
///
/// Each write names the version it was made for. When that has changed, the pod is read again and the conditions of
/// others are taken from there, so that none is lost.
final class StatusPublisher: Sendable {
    private struct State {
        var latest: AgentPod
        var wanted: Value?
        var submitted = 0
        var written = 0
        var isGone = false
        var waiters: [(number: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    /// How long the status of a pod of which nothing runs yet waits for a newer one.
    static let patience = Duration.milliseconds(5)

    private let client: APIClient
    private let clock: ControlClock
    private let news: @Sendable (AgentPod) -> Void
    private let state: Mutex<State>
    private let signal = Signal()

    /// `news` is called when a version turns up that the informer has not brought.
    init(_ pod: AgentPod, client: APIClient, clock: ControlClock, news: @escaping @Sendable (AgentPod) -> Void) {
        state = Mutex(State(latest: pod))
        self.news = news
        self.client = client
        self.clock = clock
    }

    /// The newest version of the pod that is known, read once however often it is asked for.
    var latest: AgentPod { state.withLock { $0.latest } }

    /// Takes a version that the informer brought; returns whether it is news.
    func saw(_ pod: AgentPod) -> Bool {
        state.withLock { state in
            guard state.latest.revision < pod.revision else { return false }
            state.latest = pod
            return true
        }
    }

    /// The pod is not in the API any more: nothing is written from now on.
    func podIsGone() {
        let waiters = state.withLock { state in
            state.isGone = true
            state.wanted = nil
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume() }
    }

    /// Asks for this status to be written; returns at once.
    func publish(_ status: Value) {
        state.withLock { state in
            guard !state.isGone else { return }
            state.wanted = status
            state.submitted += 1
        }
        signal.give()
    }

    /// Returns when everything published so far is written, or the pod is gone.
    func flush() async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state -> Bool in
                if state.isGone || state.written >= state.submitted { return true }
                state.waiters.append((state.submitted, continuation))
                return false
            }
            if isDone { continuation.resume() }
        }
    }

    /// Writes until the task is cancelled.
    func run() async {
        var failures = 0
        while !Task.isCancelled {
            guard let (first, begun) = state.withLock({ state in state.wanted.map { ($0, state.submitted) } }) else {
                await signal.wait()
                continue
            }
            // A quick start then takes one write instead of two.
            if Self.isBeginning(first) { await waitForMore(than: begun) }
            guard let (status, number) = state.withLock({ state in state.wanted.map { ($0, state.submitted) } }) else {
                continue
            }
            do throws(APIError) {
                try await inOwnTask { [self] in await attempt(status) }.get()
                failures = 0
                finish(number)
            } catch {
                if error.isNotFound { return podIsGone() }
                failures += 1
                // What cannot be written for what it says will not be better the next time.
                if let code = error.code, (400..<500).contains(code), code != 409, code != 429 {
                    finish(number)
                    continue
                }
                let wait = BackOff.watches.delay(failures: failures, random: clock.random())
                if !error.isConflict || failures > 3 { try? await clock.sleep(wait) }
                if error.isConflict { await refresh() }
            }
        }
        podIsGone()
    }

    /// Returns when something newer is published, or after a little while. The signal may be that of what is known.
    private func waitForMore(than number: Int) async {
        while !Task.isCancelled, state.withLock({ $0.submitted == number && !$0.isGone }) {
            guard await signal.wait(atMost: Self.patience, sleep: clock.sleep) else { return }
        }
    }

    /// Whether a status says no more than that a pod's containers are being made.
    private static func isBeginning(_ status: Value) -> Bool {
        let containers = status.items("initContainerStatuses") + status.items("containerStatuses")
        return status["phase"]?.string == PodPhase.pending.rawValue && !containers.isEmpty
            && containers.allSatisfy { $0.child("state").child("waiting").text("reason") == "ContainerCreating" }
    }

    private func attempt(_ status: Value) async -> Result<Void, APIError> {
        do throws(APIError) {
            try await write(status)
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    private func write(_ status: Value) async throws(APIError) {
        let known = latest
        // Somebody has said meanwhile that the pod has failed, and that is final. The worker looks at it anew.
        if known.view.isTerminal, PodPhase(rawValue: status["phase"]?.string ?? "")?.isTerminal == false { return }
        let pod = known.object
        guard let change = Self.change(from: pod["status"] ?? .null, to: status) else { return }
        var patch: Value = ["metadata": ["uid": .string(pod.uid)], "status": change]
        if let revision = pod.revision { patch["metadata", "resourceVersion"] = .string(revision.description) }
        let written = try await client.patch(
            .pods, namespace: pod.namespace, name: pod.name, type: .merge, patch, subresource: "status")
        _ = saw(AgentPod(written))
    }

    private func refresh() async {
        let pod = latest
        do throws(APIError) {
            let fresh = AgentPod(
                try await client.get(.pods, namespace: pod.key.namespace, name: pod.key.name))
            if fresh.uid != pod.uid { return podIsGone() }
            if saw(fresh) { news(fresh) }
        } catch {
            if error.isNotFound { podIsGone() }
        }
    }

    private func finish(_ number: Int) {
        let done = state.withLock { state in
            state.written = max(state.written, number)
            if state.submitted == number { state.wanted = nil }
            let done = state.waiters.filter { $0.number <= state.written }
            state.waiters.removeAll { $0.number <= state.written }
            return done
        }
        for waiter in done { waiter.continuation.resume() }
    }

    private static let ownConditions: Set = [
        "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled",
    ]
    private static let ownFields = [
        "observedGeneration", "phase", "conditions", "reason", "message", "hostIP", "hostIPs", "podIP", "podIPs",
        "startTime", "initContainerStatuses", "containerStatuses", "qosClass",
    ]

    /// The merge patch that makes `former` be `status`; nil when nothing differs.
    static func change(from former: Value, to status: Value) -> Value? {
        var wanted = status
        let others = former.items("conditions").filter { !ownConditions.contains($0.text("type")) }
        let own = status.items("conditions").filter { ownConditions.contains($0.text("type")) }
        wanted["conditions"] = .array(own + others)
        var change: Value = [:]
        for field in ownFields where !isSame(wanted[field], former[field]) {
            change[field] = wanted[field] ?? .null
        }
        if change.isEmpty { return nil }
        return change
    }

    /// Whether two values say the same; an absent field says what null says.
    private static func isSame(_ left: Value?, _ right: Value?) -> Bool {
        left.map(withoutNulls) ?? .null == right.map(withoutNulls) ?? .null
    }

    private static func withoutNulls(_ value: Value) -> Value {
        switch value {
        case .array(let items): return .array(items.map(withoutNulls))
        case .object(var fields):
            fields.removeAll { $0.value.isNull }
            fields.updateValues { withoutNulls($1) }
            return .object(fields)
        default: return value
        }
    }
}

import APIProtocol
import APIServer
import BuiltinAPI
import ControllerRuntime
import Kinds
import Logging
import NodeAgent
import NodeInterfaces
import ObjectModel
import ObjectStorage
import Schema
import SimulatedRuntime
import Synchronization

/// An API server, a simulated runtime and a clock, for agents that run in one test.
struct AgentFixture: Sendable {
    static let nodeName = "node-a"
    let client: APIClient
    let clock = ManualClock()
    let runtime: SimulatedRuntime
    let prober = ScriptedProber()

    init(stopDelay: Duration = .zero) throws {
        let clock = clock
        var parts = APIServerParts(authorizer: GroupAuthorizer())
        let count = Mutex(0)
        let makeUID: @Sendable () -> String = {
            count.withLock { count in
                count += 1
                return "uid-\(count)"
            }
        }
        parts.environment = ServerEnvironment(
            now: { clock.now }, makeUID: makeUID, random: { $0.lowerBound },
            sleep: { try await clock.pass($0) })
        let server = APIServer(registry: try BuiltinKinds.registry(), store: MemoryStore(), parts: parts)
        client = APIClient(
            server, credentials: .inProcess(UserInfo(name: "test", groups: [UserInfo.mastersGroup])))
        guard let range = IPv4Range("10.244.0.0/24") else { throw ConversionError() }
        runtime = SimulatedRuntime(
            range: range, hostAddress: "10.0.0.1", stopDelay: stopDelay, now: { clock.now },
            sleep: { try await clock.pass($0) })
    }

    struct ConversionError: Error {}

    var controlClock: ControlClock {
        let clock = clock
        return ControlClock(
            now: { clock.now }, uptime: { clock.uptime }, sleep: { try await clock.pass($0) },
            random: { 0 })
    }

    /// Runs an agent while `body` runs.
    func withAgent(
        startsInFlight: Int = 8, on other: (any ContainerRuntime)? = nil, _ body: @Sendable () async throws -> Void
    ) async throws {
        let objects = ClusterObjects(client: client, clock: controlClock)
        var configuration = NodeAgentConfiguration(
            nodeName: Self.nodeName, nodeAddress: "10.0.0.1",
            capacity: .init(milliCPU: 4000, memoryBytes: 8 << 30, ephemeralStorageBytes: 1 << 40),
            runtimeName: "simulated", directory: "/nonexistent")
        configuration.isSimulated = true
        configuration.startsInFlight = startsInFlight
        let agent = NodeAgent(
            configuration: configuration, client: client, runtime: other ?? runtime, prober: prober, plugins: [],
            objects: objects, clock: controlClock, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await objects.run() }
            group.addTask { await agent.run() }
            try await body()
            group.cancelAll()
        }
    }

    /// Creates a pod that is bound to the node.
    @discardableResult
    func createPod(_ name: String, spec changes: Value = [:]) async throws -> String {
        var spec: Value = [
            "nodeName": .string(Self.nodeName), "containers": [["name": "web", "image": "nginx:1"]],
        ]
        for field in changes.fields ?? Fields() { spec[field.key] = field.value }
        let pod = try await client.create(
            .pods,
            [
                "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name), "namespace": "default"],
                "spec": spec,
            ])
        return pod.uid
    }

    func pod(_ name: String) async throws -> PodView {
        PodView(try await client.get(.pods, namespace: "default", name: name))
    }

    /// Returns the pod as soon as `holds` is true of it.
    @discardableResult
    func pod(_ name: String, when holds: (PodView) -> Bool) async throws -> PodView {
        let found = try await object(.pods, namespace: "default", name) { $0.map { holds(PodView($0)) } ?? false }
        return PodView(found ?? .null)
    }

    /// Returns when the API has no such pod.
    func podIsGone(_ name: String) async throws {
        try await object(.pods, namespace: "default", name) { $0 == nil }
    }

    /// Returns when an Event with that reason is there.
    func event(_ reason: String) async throws {
        let list = try await client.list(.events, namespace: "default")
        if list.items.contains(where: { $0["reason"]?.string == reason }) { return }
        let watch = try await client.watch(.events, namespace: "default", after: list.revision)
        defer { watch.cancel() }
        while let event = try await watch.next() { if event.object["reason"]?.string == reason { return } }
    }

    /// Returns an object as soon as `holds` is true of it (nil: it is not there).
    @discardableResult
    func object(
        _ resource: APIResource, namespace: String = "", _ name: String, when holds: (Value?) -> Bool
    ) async throws -> Value? {
        let list = try await client.list(resource, namespace: namespace)
        let now = list.items.first { $0.name == name }
        if holds(now) { return now }
        let watch = try await client.watch(resource, namespace: namespace, after: list.revision)
        defer { watch.cancel() }
        while let event = try await watch.next() {
            guard event.object.name == name, event.kind != .bookmark else { continue }
            // Not with `?:`, where nil would be the value null.
            var object: Value?
            if event.kind != .deleted { object = event.object }
            if holds(object) { return object }
        }
        return nil
    }
}

/// Answers probes as told.
final class ScriptedProber: NetworkProber {
    private let answer = Mutex(ProbeResult.success)
    private let count = Mutex(0)

    func answer(_ result: ProbeResult) { answer.withLock { $0 = result } }
    var probes: Int { count.withLock { $0 } }

    func probe(_ probe: NetworkProbe, timeout: Duration) async -> ProbeResult {
        count.withLock { $0 += 1 }
        return answer.withLock { $0 }
    }
}

/// Time that passes only when a test says so.
final class ManualClock: Sendable {
    static let start = Timestamp(seconds: 1_800_000_000)

    private struct State {
        var uptime = Duration.zero
        var stepped = Duration.zero
        var sleepers: [Int: (deadline: Duration, continuation: CheckedContinuation<Void, any Error>)] = [:]
        var next = 0
    }
    private let state = Mutex(State())

    var now: Timestamp { state.withLock { Self.start + $0.uptime + $0.stepped } }
    var uptime: Duration { state.withLock { $0.uptime } }

    /// Sets the time of day, as a person or a time server does; nobody who waits notices.
    func step(_ duration: Duration) { state.withLock { $0.stepped += duration } }

    /// Lets time pass and wakes who has waited long enough.
    func advance(_ duration: Duration) {
        let due = state.withLock { state in
            state.uptime += duration
            let due = state.sleepers.filter { $0.value.deadline <= state.uptime }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    /// Waits until so much time has been let pass.
    func pass(_ duration: Duration) async throws {
        if duration <= .zero { return await Task.yield() }
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state -> Bool in
                    if Task.isCancelled { return true }
                    state.sleepers[number] = (state.uptime + duration, continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { $0.sleepers.removeValue(forKey: number) }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}

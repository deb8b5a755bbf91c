import APIProtocol
import ControllerRuntime
import CoreMetrics
import Kinds
import Logging
import MetricsExposition
import ObjectModel
import Synchronization
import Testing

@testable import Scheduling

/// An API that notes what is asked and holds back the answers about some objects.
final class HeldTransport: APITransport {
    private struct State {
        var requests: [String] = []
        var held: Set<String>
        var waiters: [String: [CheckedContinuation<Void, Never>]] = [:]
        var watchers: [(count: Int, prefix: String, continuation: CheckedContinuation<Void, Never>)] = []

        func has(_ count: Int, _ prefix: String) -> Bool { requests.count { $0.hasPrefix(prefix) } >= count }
    }
    private let state: Mutex<State>
    private let refused: Set<String>
    private let missing: Set<String>

    init(holding held: Set<String> = [], refusing refused: Set<String> = [], missing: Set<String> = []) {
        state = Mutex(State(held: held))
        self.refused = refused
        self.missing = missing
    }

    var requests: [String] { state.withLock { $0.requests } }

    /// Returns when a request that begins so was made, or several of them.
    func waitFor(count: Int = 1, _ prefix: String) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state -> Bool in
                if state.has(count, prefix) { return true }
                state.watchers.append((count, prefix, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    func release(_ request: String) {
        let waiters = state.withLock { state in
            state.held.remove(request)
            return state.waiters.removeValue(forKey: request) ?? []
        }
        for waiter in waiters { waiter.resume() }
    }

    func send(_ request: APIRequest) async throws(TransportError) -> APIResponse {
        let text = "\(request.method.rawValue) \(request.path)"
        let body = request.tree ?? .null
        let isEvent = request.path.contains("/events")
        let ready = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            if isEvent { return [] }
            let line = request.method == .patch ? "\(text) \(JSON.text(body))" : text
            state.requests.append(line)
            let ready = state.watchers.filter { state.has($0.count, $0.prefix) }.map(\.continuation)
            state.watchers = state.watchers.filter { !state.has($0.count, $0.prefix) }
            return ready
        }
        for continuation in ready { continuation.resume() }
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state -> Bool in
                guard state.held.contains(text) else { return true }
                state.waiters[text, default: []].append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
        if refused.contains(text) {
            return .status(.conflict(GroupResource(group: "", resource: "pods"), name: "a", "refused"))
        }
        if missing.contains(text) {
            return .status(.notFound(GroupResource(group: "", resource: "persistentvolumes"), name: "x"))
        }
        return .json(body)
    }
}

/// A scheduler with caches that a test feeds.
struct SchedulerFixture {
    let pods = ObjectCache<PodView>()
    let nodes = ObjectCache<NodeView>()
    let claims = ObjectCache<PersistentVolumeClaimView>()
    let volumes = ObjectCache<PersistentVolumeView>(indices: [
        CacheIndex("claim") { volume in volume.view.claim.map { ["\($0.namespace)/\($0.name)"] } ?? [] },
        CacheIndex("class") { $0.view.claim == nil ? [$0.view.storageClassName] : [] },
    ])
    let classes = ObjectCache<StorageClassView>()
    let namespaces = ObjectCache<NamespaceView>()

    static func node(_ name: String, cpu: String = "4") -> Value {
        [
            "metadata": [
                "name": .string(name), "uid": .string("n-\(name)"), "resourceVersion": "1",
                "labels": ["kubernetes.io/hostname": .string(name)],
            ], "status": ["allocatable": ["cpu": .string(cpu), "memory": "8Gi", "pods": "110"]],
        ]
    }

    static func pod(_ name: String, revision: Int = 1, claim: String? = nil) -> Value {
        var pod: Value = [
            "metadata": [
                "name": .string(name), "namespace": "ns", "uid": .string("p-\(name)"),
                "resourceVersion": .string("\(revision)"),
            ],
            "spec": ["containers": [["name": "c", "resources": ["requests": ["cpu": "1"]]]]],
        ]
        if let claim {
            pod["spec", "volumes"] = [["name": "v", "persistentVolumeClaim": ["claimName": .string(claim)]]]
        }
        return pod
    }

    func start(nodes: [Value], claims: [Value] = [], volumes: [Value] = [], classes: [Value] = []) {
        namespaces.replace([], at: Revision(1))
        self.classes.replace(classes, at: Revision(1))
        self.volumes.replace(volumes, at: Revision(1))
        self.claims.replace(claims, at: Revision(1))
        self.nodes.replace(nodes, at: Revision(1))
        pods.replace([], at: Revision(1))
    }

    /// Runs a scheduler on these caches while `body` runs.
    func run(
        _ transport: HeldTransport, clock: ControlClock = .still, metrics: any MetricsFactory = MetricsRegistry(),
        _ body: @escaping @Sendable () async -> Void
    ) async {
        let client = APIClient(transport)
        let scheduler = Scheduler(
            SchedulerCaches(
                pods: pods, nodes: nodes, claims: claims, volumes: volumes, classes: classes, namespaces: namespaces),
            client: client, events: EventRecorder(component: "test", client: client, clock: clock), clock: clock,
            metrics: metrics, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await scheduler.run() }
            await body()
            await scheduler.publishMetrics()
            group.cancelAll()
        }
    }
}

extension ControlClock {
    /// Time does not pass.
    static let still = ControlClock(
        now: { Timestamp(seconds: 0) }, uptime: { .zero },
        sleep: { _ in
            await Signal().wait()
            throw CancellationError()
        }, random: { 0 })
}

@Suite struct SchedulerTests {
    private static func bindings(_ transport: HeldTransport) -> [String] {
        transport.requests.filter { $0.hasSuffix("/binding") }
    }

    private func path(_ pod: String) -> String { "POST /api/v1/namespaces/ns/pods/\(pod)/binding" }

    /// Claims and volumes come by separate watches: the volume of a bound claim may come later, or be gone.
    @Test(.timeLimit(.minutes(1)))
    func aPodWaitsForTheVolumeOfItsClaim() async {
        let fixture = SchedulerFixture()
        let bind = path("a")
        let transport = HeldTransport(holding: [bind])
        let claim: Value = [
            "metadata": ["name": "c", "namespace": "ns", "uid": "c", "resourceVersion": "1"],
            "spec": ["volumeName": "v"], "status": ["phase": "Bound"],
        ]
        await fixture.run(transport) {
            fixture.start(nodes: [SchedulerFixture.node("n")], claims: [claim])
            fixture.pods.apply(
                WatchEvent(kind: .added, object: SchedulerFixture.pod("a", revision: 2, claim: "c")))
            await transport.waitFor("PATCH /api/v1/namespaces/ns/pods/a/status")
            #expect(Self.bindings(transport).isEmpty)
            let volume: Value = [
                "metadata": ["name": "v", "uid": "v", "resourceVersion": "3"],
                "spec": ["claimRef": ["namespace": "ns", "name": "c", "uid": "c"]],
            ]
            fixture.volumes.apply(WatchEvent(kind: .added, object: volume))
            await transport.waitFor(bind)
            transport.release(bind)
        }
        #expect(Self.bindings(transport) == [bind])
    }

    @Test(.timeLimit(.minutes(1)))
    func aPodIsBoundOnceHoweverMuchChangesMeanwhile() async {
        let fixture = SchedulerFixture()
        let (a, b) = (path("a"), path("b"))
        let transport = HeldTransport(holding: [a])
        await fixture.run(transport) {
            fixture.start(nodes: [SchedulerFixture.node("n")])
            fixture.pods.apply(WatchEvent(kind: .added, object: SchedulerFixture.pod("a", revision: 2)))
            await transport.waitFor(a)
            // Something that may help anyone, and then a pod that comes after the first.
            var changed = SchedulerFixture.node("n", cpu: "5")
            changed["metadata", "resourceVersion"] = "3"
            fixture.nodes.apply(WatchEvent(kind: .modified, object: changed))
            fixture.pods.apply(WatchEvent(kind: .added, object: SchedulerFixture.pod("b", revision: 4)))
            await transport.waitFor(b)
            transport.release(a)
        }
        #expect(Self.bindings(transport) == [a, b])
    }

    @Test(.timeLimit(.minutes(1)))
    func whatAFailedBindingHeldIsGivenToOthers() async {
        let fixture = SchedulerFixture()
        let (a, b) = (path("a"), path("b"))
        let transport = HeldTransport(holding: [a], refusing: [a])
        await fixture.run(transport) {
            fixture.start(nodes: [SchedulerFixture.node("n", cpu: "1")])
            fixture.pods.apply(WatchEvent(kind: .added, object: SchedulerFixture.pod("a", revision: 2)))
            await transport.waitFor(a)
            fixture.pods.apply(WatchEvent(kind: .added, object: SchedulerFixture.pod("b", revision: 3)))
            // It does not fit beside the first, and is told so.
            await transport.waitFor("PATCH /api/v1/namespaces/ns/pods/b/status")
            transport.release(a)
            await transport.waitFor(b)
        }
        #expect(Self.bindings(transport) == [a, b])
    }

    @Test(.timeLimit(.minutes(1)))
    func whatAPodHeldThatGoesUnboundIsGivenToOthers() async {
        let fixture = SchedulerFixture()
        let (a, b) = (path("a"), path("b"))
        let transport = HeldTransport(holding: [a])
        await fixture.run(transport) {
            fixture.start(nodes: [SchedulerFixture.node("n", cpu: "1")])
            fixture.pods.apply(WatchEvent(kind: .added, object: SchedulerFixture.pod("a", revision: 2)))
            await transport.waitFor(a)
            fixture.pods.apply(WatchEvent(kind: .added, object: SchedulerFixture.pod("b", revision: 3)))
            await transport.waitFor("PATCH /api/v1/namespaces/ns/pods/b/status")
            fixture.pods.apply(WatchEvent(kind: .deleted, object: SchedulerFixture.pod("a", revision: 4)))
            await transport.waitFor(b)
            transport.release(a)
        }
        #expect(Self.bindings(transport) == [a, b])
    }
}

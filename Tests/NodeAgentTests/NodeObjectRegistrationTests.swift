import APIProtocol
import ControllerRuntime
import Logging
import NodeAgent
import ObjectModel
import Synchronization
import Testing

/// Answers by script and tells when it has answered enough.
private final class ScriptedAPI: APITransport {
    private let script: @Sendable (_ count: Int, _ line: String) -> APIResponse
    private let limit: Int
    private let seen = Mutex<[String]>([])
    let isDone = Signal()

    init(limit: Int, _ script: @escaping @Sendable (_ count: Int, _ line: String) -> APIResponse) {
        self.limit = limit
        self.script = script
    }

    var lines: [String] { Array(seen.withLock { $0 }.prefix(limit)) }

    func send(_ request: APIRequest) async throws(TransportError) -> APIResponse {
        let line = "\(request.method.rawValue) \(request.path)"
        let count = seen.withLock { seen in
            seen.append(line)
            return seen.count
        }
        if count >= limit { isDone.give() }
        return script(count, line)
    }
}

@Suite(.timeLimit(.minutes(1))) struct NodeObjectRegistrationTests {
    private static let node: Value = ["metadata": ["name": "node-a", "uid": "u", "resourceVersion": "1"]]
    private let nodePath = "/api/v1/nodes"
    private let leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"

    /// Runs a registration in time that passes as soon as it is waited for.
    private func run(_ api: ScriptedAPI, health: @escaping @Sendable () async -> NodeHealth = { NodeHealth() }) async {
        let time = Mutex(Duration.zero)
        let clock = ControlClock(
            now: { Timestamp(seconds: 0) + time.withLock { $0 } }, uptime: { time.withLock { $0 } },
            sleep: { duration in time.withLock { $0 += duration } }, random: { 0 })
        let registration = NodeRegistration(
            client: APIClient(api), description: NodeObjectTests.description, facts: NodeObjectTests.facts,
            health: health, clock: clock, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await withTaskGroup { group in
            group.addTask { await registration.run() }
            await api.isDone.wait()
            group.cancelAll()
        }
    }

    @Test func aNewNodeIsCreatedAndItsLeaseRenewed() async {
        let api = ScriptedAPI(limit: 5) { _, line in
            line.hasPrefix("PATCH") && line.contains("/leases/")
                ? .status(.notFound(GroupResource(group: "coordination.k8s.io", resource: "leases"), name: "node-a"))
                : .json(Self.node)
        }
        await run(api)
        let renewal = ["PATCH \(leases)/node-a", "POST \(leases)"]
        #expect(api.lines == ["POST \(nodePath)"] + renewal + renewal)
    }

    @Test func aNodeThatIsThereIsUpdated() async {
        let api = ScriptedAPI(limit: 5) { _, line in
            line == "POST /api/v1/nodes"
                ? .status(.alreadyExists(GroupResource(group: "", resource: "nodes"), name: "node-a"))
                : .json(Self.node)
        }
        await run(api)
        #expect(
            api.lines == [
                "POST \(nodePath)", "GET \(nodePath)/node-a", "PATCH \(nodePath)/node-a/status",
                "PATCH \(nodePath)/node-a", "PATCH \(leases)/node-a",
            ])
    }

    @Test func registrationIsTriedUntilTheServerAnswers() async {
        let api = ScriptedAPI(limit: 4) { count, _ in count < 3 ? .status(.unavailable("starting")) : .json(Self.node) }
        await run(api)
        #expect(api.lines == [String](repeating: "POST \(nodePath)", count: 3) + ["PATCH \(leases)/node-a"])
    }

    @Test func aNodeThatSomebodyDeletedIsRegisteredAnew() async {
        let asked = Mutex(0)
        let api = ScriptedAPI(limit: 4) { count, line in
            line.hasPrefix("GET")
                ? .status(.notFound(GroupResource(group: "", resource: "nodes"), name: "node-a")) : .json(Self.node)
        }
        await run(api) {
            // Healthy when it registers, not afterwards: a status is due then.
            let count = asked.withLock { count in
                count += 1
                return count
            }
            return count == 1 ? NodeHealth() : NodeHealth(problem: "down")
        }
        #expect(
            api.lines == ["POST \(nodePath)", "PATCH \(leases)/node-a", "GET \(nodePath)/node-a", "POST \(nodePath)"])
    }
}

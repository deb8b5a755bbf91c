import APIProtocol
import ControllerRuntime
import Kinds
import Logging
import ObjectModel
import Synchronization
import Testing

@testable import Controllers

@Suite struct NamespaceDeletionTests {
    /// An API without objects but one namespace.
    private final class EmptyTransport: APITransport {
        private let requests = Mutex<[String]>([])
        let isFinalized = Signal()
        let namespace: Value

        init(_ namespace: Value) { self.namespace = namespace }

        var lists: [String] { requests.withLock { $0.filter { $0.hasPrefix("GET") && !$0.hasSuffix("/ns") } } }

        func send(_ request: APIRequest) async throws(TransportError) -> APIResponse {
            requests.withLock { $0.append("\(request.method.rawValue) \(request.path)") }
            if request.path.hasSuffix("/finalize") { isFinalized.give() }
            if request.path.hasSuffix("/namespaces/ns") || request.method != .get { return .json(namespace) }
            return .json(["metadata": ["resourceVersion": "9"], "items": []])
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func kindsThatCameLaterAreEmptiedToo() async {
        let namespace: Value = [
            "metadata": [
                "name": "ns", "uid": "n1", "resourceVersion": "5", "deletionTimestamp": "2026-01-01T00:00:00Z",
            ], "spec": ["finalizers": ["kubernetes"]],
        ]
        let transport = EmptyTransport(namespace)
        let client = APIClient(transport)
        let served = Mutex<[APIResource]>([.pods])
        let caches = ControlCaches()
        let clock = ControlClock(
            now: { Timestamp(seconds: 0) }, uptime: { .zero }, sleep: { _ in throw CancellationError() },
            random: { 0 })
        let loops = Controllers.namespaceDeletion(
            Controllers.Setting(
                caches: caches, client: client, caPEM: "", volumeSources: [],
                resources: { served.withLock { $0 } }, clock: clock,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        served.withLock { $0.append(APIResource(group: "example.com", kind: "Widget", plural: "widgets")) }
        caches.pods.replace([], at: Revision(5))
        caches.namespaces.replace([namespace], at: Revision(5))
        await withTaskGroup(of: Void.self) { group in
            for loop in loops { group.addTask { await loop.run() } }
            await transport.isFinalized.wait()
            group.cancelAll()
        }
        #expect(
            transport.lists == [
                "GET /api/v1/namespaces/ns/pods", "GET /apis/example.com/v1/namespaces/ns/widgets",
            ])
    }
}

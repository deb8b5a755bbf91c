import APIProtocol
import APIServer
import CatalogData
import ObjectModel
import ObjectStorage
import Schema
import Synchronization
import Testing

/// A server in this process over a store in memory, with kinds made from the catalogue and no hooks of their own.
struct TestServer {
    let server: APIServer
    let store = MemoryStore()
    let clock = TestClock()

    init(
        _ kinds: [KindDefinition]? = nil, admission: [any AdmissionPlugin] = [], allows: Bool = true,
        configure: (inout APIServerParts) -> Void = { _ in }
    ) throws {
        var parts = APIServerParts(authorizer: FixedAuthorizer(allows: allows))
        let clock = clock
        let counter = Counter()
        parts.environment = ServerEnvironment(
            now: { clock.now }, makeUID: { "uid-\(counter.next())" },
            random: { range in clock.random(range) }, sleep: { try await clock.pass($0) })
        parts.admission = admission
        parts.authenticator = Authenticator(tokens: OneToken())
        configure(&parts)
        server = APIServer(registry: KindRegistry(try kinds ?? TestKinds.all()), store: store, parts: parts)
    }

    func call(
        _ method: HTTPMethod, _ path: String, _ body: Value? = nil, query: [(name: String, value: String)] = [],
        headers: [(String, String)] = [], credentials: Credentials = TestServer.admin
    ) async throws -> Reply {
        try await call(
            method, path, bytes: body.map(JSON.write) ?? [], query: query, headers: headers, credentials: credentials)
    }

    func call(
        _ method: HTTPMethod, _ path: String, bytes: [UInt8], query: [(name: String, value: String)] = [],
        headers: [(String, String)] = [], credentials: Credentials = TestServer.admin
    ) async throws -> Reply {
        Reply(
            try await server.send(
                APIRequest(
                    method, path, query: query, headers: HTTPFields(headers), body: bytes, credentials: credentials)))
    }

    /// Opens a watch.
    func watch(
        _ path: String, query: [(name: String, value: String)] = [], headers: [(String, String)] = []
    ) async throws -> WatchReader {
        let response = try await server.send(
            APIRequest(
                .get, path, query: [("watch", "true")] + query, headers: HTTPFields(headers), credentials: Self.admin))
        guard case .stream(let stream) = response.body else {
            Issue.record("no stream but \(response.code)")
            return WatchReader(ByteStream(next: { nil }))
        }
        return WatchReader(stream)
    }

    static let admin = Credentials.inProcess(UserInfo(name: "admin", groups: [UserInfo.mastersGroup]))
}

/// A reply with its body parsed.
struct Reply {
    let code: Int
    let headers: HTTPFields
    let bytes: [UInt8]
    var value: Value { (try? JSON.parse(bytes)) ?? .null }
    var text: String { String(decoding: bytes, as: UTF8.self) }
    var message: String { value["message"]?.string ?? "" }
    var reason: String { value["reason"]?.string ?? "" }
    var causes: [Value] { value["details"]?["causes"]?.array ?? [] }

    init(_ response: APIResponse) {
        code = response.code
        headers = response.headers
        if case .bytes(let bytes) = response.body { self.bytes = bytes } else { bytes = [] }
    }
}

/// Reads a watch event by event.
final class WatchReader {
    private let stream: ByteStream
    private var lines: [Value] = []

    init(_ stream: ByteStream) { self.stream = stream }

    func next() async throws -> Value? {
        while lines.isEmpty {
            guard let piece = try await stream.next() else { return nil }
            lines = piece.split(separator: 0x0A).compactMap { try? JSON.parse(Array($0)) }
        }
        return lines.removeFirst()
    }

    /// Type and name of the next event.
    func summary() async throws -> String {
        guard let event = try await next() else { return "end" }
        return "\(event["type"]?.string ?? "") \(event["object"]?.name ?? "")"
    }

    func cancel() { stream.cancel() }
}

/// A clock that stands still. Sleepers sleep until they are cancelled, or, when it jumps, move it.
final class TestClock: Sendable {
    private struct State {
        var now = Timestamp("2026-01-02T03:04:05Z") ?? Timestamp(seconds: 0)
        var jumps = false
        var numbers = 0
    }
    private let state = Mutex(State())

    var now: Timestamp { state.withLock { $0.now } }
    func advance(_ duration: Duration) { state.withLock { $0.now = $0.now + duration } }
    func startJumping() { state.withLock { $0.jumps = true } }
    func random(_ range: ClosedRange<Int>) -> Int {
        state.withLock { state in
            state.numbers += 1
            return range.lowerBound + state.numbers % range.count
        }
    }

    func pass(_ duration: Duration) async throws {
        guard state.withLock({ $0.jumps }) else { return try await untilCancelled() }
        await Task.yield()
        advance(duration)
    }
}

struct FixedAuthorizer: Authorizer {
    let allows: Bool
    func denial(of request: AuthorizationRequest) async -> String? { allows ? nil : "" }
}

struct OneToken: TokenVerifier {
    func user(of token: String) async -> UserInfo? {
        token == "good" ? UserInfo(name: "system:serviceaccount:a:b") : nil
    }
}

enum TestKinds {
    private static let catalog = try? Catalog(
        parsing: [UInt8](UnsafeBufferPointer(start: catalog_bytes(), count: Int(catalog_size()))))

    static func kind(_ group: String, _ version: String, _ kind: String) throws -> KindDefinition {
        let gvk = GroupVersionKind(group: group, version: version, kind: kind)
        let row = try #require(catalog?.row(gvk))
        let schema = try #require(catalog?.schema(gvk))
        return KindDefinition(
            gvk: gvk, names: row.names, scope: row.scope, verbs: row.verbs, subresources: row.subresources,
            schema: schema, selectableFields: row.selectableFields, rules: row.rules)
    }

    static func all() throws -> [KindDefinition] {
        var pod = try kind("", "v1", "Pod")
        pod.hooks.gracePeriod = { object, requested in
            object["spec"]?["nodeName"] == nil
                ? 0 : requested ?? object["spec"]?["terminationGracePeriodSeconds"]?.int ?? 30
        }
        var namespace = try kind("", "v1", "Namespace")
        namespace.hooks.prepareForCreate = { object, _ in object["spec", "finalizers"] = ["kubernetes"] }
        namespace.hooks.prepareForDelete = { object, _ in object["status", "phase"] = "Terminating" }
        namespace.hooks.holdsRemoval = { !($0["spec"]?["finalizers"]?.array ?? []).isEmpty }
        var set = try kind("apps", "v1", "StatefulSet")
        set.hooks.validateUpdate = { object, old, _ in
            object["spec"]?["serviceName"] == old["spec"]?["serviceName"]
                ? [] : [FieldError(.forbidden, "spec", nil, "updates to statefulset spec for fields other than ...")]
        }
        return [
            pod, namespace, set, try kind("", "v1", "ConfigMap"), try kind("coordination.k8s.io", "v1", "Lease"),
        ]
    }
}

/// Objects of the tests.
enum Sample {
    static func configMap(_ name: String, labels: [String: String] = [:], data: [String: String] = [:]) -> Value {
        var object: Value = ["metadata": ["name": .string(name)], "data": .stringMap(data)]
        if !labels.isEmpty { object["metadata", "labels"] = .stringMap(labels) }
        return object
    }

    static func statefulSet(_ name: String, replicas: Int = 3) -> Value {
        [
            "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": ["name": .string(name)],
            "spec": [
                "replicas": .integer(Int64(replicas)), "serviceName": "web",
                "selector": ["matchLabels": ["app": "web"]],
                "template": [
                    "metadata": ["labels": ["app": "web"]],
                    "spec": ["containers": [["name": "nginx", "image": "nginx:1.25.4"]]],
                ],
            ],
        ]
    }

    static func pod(_ name: String, node: String? = nil) -> Value {
        var pod: Value = [
            "metadata": ["name": .string(name)], "spec": ["containers": [["name": "c", "image": "i"]]],
        ]
        if let node { pod["spec", "nodeName"] = .string(node) }
        return pod
    }
}

let configMaps = "/api/v1/namespaces/default/configmaps"
let statefulSets = "/apis/apps/v1/namespaces/default/statefulsets"
let pods = "/api/v1/namespaces/default/pods"

/// Counts from 1.
final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}

/// Waits until the task is cancelled; then throws.
func untilCancelled() async throws {
    let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
    for await _ in stream {}
    continuation.finish()
    throw CancellationError()
}

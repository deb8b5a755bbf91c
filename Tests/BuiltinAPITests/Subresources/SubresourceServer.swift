import APIProtocol
import APIServer
import BuiltinAPI
import Kinds
import ObjectModel
import ObjectStorage
import Schema
import Synchronization
import Testing

/// The builtin kinds with their subresources, over a store in memory and one node that answers from scripts.
struct SubresourceServer {
    let server: APIServer
    let node = ScriptedNode()
    let issuer = WritingIssuer()

    init() throws {
        var parts = APIServerParts(authorizer: GroupAuthorizer())
        let now = Timestamp("2026-01-02T03:04:05Z") ?? Timestamp(seconds: 0)
        let counter = Counter()
        parts.environment = ServerEnvironment(
            now: { now }, makeUID: { "uid-\(counter.next())" },
            random: { $0.lowerBound }, sleep: { _ in try await untilCancelled() })
        let store = MemoryStore()
        parts.subresources = BuiltinSubresources.handlers(
            nodes: OneNode(name: "n1", node: node), tokens: issuer, store: store)
        server = APIServer(registry: try BuiltinKinds.registry(), store: store, parts: parts)
    }

    func send(
        _ method: HTTPMethod, _ path: String, _ body: Value? = nil, query: [(name: String, value: String)] = [],
        headers: [(String, String)] = [], user: UserInfo = UserInfo(name: "admin", groups: [UserInfo.mastersGroup])
    ) async throws -> APIResponse {
        try await server.send(
            APIRequest(
                method, path, query: query, headers: HTTPFields(headers), body: body.map(JSON.write) ?? [],
                credentials: .inProcess(user)))
    }

    func call(
        _ method: HTTPMethod, _ path: String, _ body: Value? = nil, query: [(name: String, value: String)] = [],
        headers: [(String, String)] = []
    ) async throws -> (code: Int, value: Value) {
        let response = try await send(method, path, body, query: query, headers: headers)
        guard case .bytes(let bytes) = response.body else { return (response.code, .null) }
        return (response.code, (try? JSON.parse(bytes)) ?? .string(String(decoding: bytes, as: UTF8.self)))
    }

    /// Creates a pod, on a node when one is given.
    func makePod(_ name: String, node: String? = "n1", containers: [String] = ["c"]) async throws {
        var pod: Value = [
            "metadata": ["name": .string(name)],
            "spec": [
                "serviceAccountName": "sa",
                "containers": .array(containers.map { ["name": .string($0), "image": "i"] }),
            ],
        ]
        if let node { pod["spec", "nodeName"] = .string(node) }
        let reply = try await call(.post, Self.pods, pod)
        #expect(reply.code == 201, "\(JSON.text(reply.value))")
    }

    static let pods = "/api/v1/namespaces/default/pods"
}

struct OneNode: NodeDirectory {
    let name: String
    let node: ScriptedNode
    func connection(to name: String) async -> (any NodeConnection)? { name == self.name ? node : nil }
}

/// Writes down what it is asked and answers the same to everyone.
final class ScriptedNode: NodeConnection {
    let logRequests = Mutex<[LogRequest]>([])
    let execRequests = Mutex<[ExecRequest]>([])
    let attachRequests = Mutex<[AttachRequest]>([])
    let forwardRequests = Mutex<[PortForwardRequest]>([])
    let inputs = Mutex<[ExecInput]>([])
    /// Open when somebody waits for port 82 to take bytes.
    let isStuck = Gate()

    func logs(_ request: LogRequest) async throws(APIStatus) -> ByteStream {
        logRequests.withLock { $0.append(request) }
        if request.previous { throw .badRequest("previous terminated container \"c\" in pod \"p\" not found") }
        return ByteStream(once: Array("line\n".utf8))
    }

    func exec(_ request: ExecRequest) async throws(APIStatus) -> any ExecSession {
        execRequests.withLock { $0.append(request) }
        if request.command == ["missing"] { throw .badRequest("container not running") }
        return ScriptedSession(node: self, takesInput: request.command != ["deaf"])
    }

    func attach(_ request: AttachRequest) async throws(APIStatus) -> any ExecSession {
        attachRequests.withLock { $0.append(request) }
        return ScriptedSession(node: self, takesInput: true)
    }

    func portForward(_ request: PortForwardRequest) async throws(APIStatus) -> any ForwardedConnection {
        forwardRequests.withLock { $0.append(request) }
        if request.port == 81 { throw .internalError("connection refused") }
        if request.port == 82 { return StuckConnection(isStuck) }
        return EchoConnection()
    }
}

/// Answers `hello` after the end of its input, then ends with code 3. One that is closed gives nothing more.
final class ScriptedSession: ExecSession {
    struct Deaf: Error {}
    private let node: ScriptedNode
    private let takesInput: Bool
    private let input: AsyncStream<ExecInput>
    private let feed: AsyncStream<ExecInput>.Continuation
    private let outputs = Mutex<[ExecOutput]>([
        .stdout(Array("hello".utf8)), .stderr(Array("oh".utf8)), .exit(code: 3, message: ""),
    ])

    init(node: ScriptedNode, takesInput: Bool) {
        self.node = node
        self.takesInput = takesInput
        (input, feed) = AsyncStream.makeStream(of: ExecInput.self)
    }

    func receive() async throws -> ExecOutput? {
        for await item in input where item == .endOfInput { break }
        return outputs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }

    func send(_ input: ExecInput) async throws {
        if case .stdin = input, !takesInput { throw Deaf() }
        node.inputs.withLock { $0.append(input) }
        feed.yield(input)
        if input == .endOfInput { feed.finish() }
    }

    func close() async {
        outputs.withLock { $0 = [] }
        feed.finish()
    }
}

/// A port that says everything back, and ends with its input.
final class EchoConnection: ForwardedConnection {
    private let pieces: AsyncStream<[UInt8]>
    private let feed: AsyncStream<[UInt8]>.Continuation

    init() { (pieces, feed) = AsyncStream.makeStream(of: [UInt8].self) }

    func receive() async throws -> [UInt8]? {
        for await piece in pieces { return piece }
        return nil
    }

    func send(_ bytes: [UInt8]) async throws { feed.yield(bytes) }
    func endOfInput() async throws { feed.finish() }
    func close() async { feed.finish() }
}

/// A port whose process neither reads nor writes: only `close` lets callers go.
final class StuckConnection: ForwardedConnection {
    private let closed = Gate()
    private let isStuck: Gate

    init(_ isStuck: Gate) { self.isStuck = isStuck }

    func receive() async throws -> [UInt8]? {
        await closed.wait()
        return nil
    }
    func send(_ bytes: [UInt8]) async throws {
        isStuck.open()
        await closed.wait()
        throw CancellationError()
    }
    func endOfInput() async throws {}
    func close() async { closed.open() }
}

/// What any number of tasks wait for, deaf to cancellation, as a future of NIO is.
final class Gate: Sendable {
    private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            defer { state = (true, []) }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// Signs by writing the claims down.
final class WritingIssuer: TokenIssuer {
    let claims = Mutex<[ServiceAccountClaims]>([])
    var defaultAudiences: [String] { ["https://kubernetes.default.svc"] }

    func token(_ claims: ServiceAccountClaims) async throws(APIStatus) -> String {
        self.claims.withLock { $0.append(claims) }
        return "signed"
    }
}

/// A channel whose client sends given messages and keeps what it gets.
final class ScriptedChannel: MessageChannel {
    private let messages: Mutex<[[UInt8]]>
    let received = Mutex<[[UInt8]]>([])
    private let closed = AsyncStream.makeStream(of: Never.self)

    init(_ messages: [[UInt8]]) { self.messages = Mutex(messages) }

    func receive() async throws -> [UInt8]? {
        if let next = messages.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return next }
        for await _ in closed.stream {}
        return nil
    }

    func send(_ message: [UInt8]) async throws { received.withLock { $0.append(message) } }
    func close(sending last: [UInt8]) async {
        if !last.isEmpty { received.withLock { $0.append(last) } }
        closed.continuation.finish()
    }
    func untilClosed() async { for await _ in closed.stream {} }
}

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

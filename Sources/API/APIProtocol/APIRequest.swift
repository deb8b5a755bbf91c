package import ObjectModel

/// Who asks.
package struct UserInfo: Sendable, Hashable {
    /// The user's name, such as `system:node:n1`.
    package var name: String
    /// The groups, such as `system:masters`.
    package var groups: [String]
    /// A unique id; empty when there is none.
    package var uid: String

    /// A user.
    package init(name: String, groups: [String] = [], uid: String = "") {
        self.name = name
        self.groups = groups
        self.uid = uid
    }

    /// Nobody: a request without credentials.
    package static let anonymous = UserInfo(name: "system:anonymous", groups: ["system:unauthenticated"])
    /// The group whose members may do everything.
    package static let mastersGroup = "system:masters"
}

/// What a request shows to prove who asks. The pipeline's authenticator judges it.
package enum Credentials: Sendable, Hashable {
    /// A part of this process, vouched for by ClusterAssembly.
    case inProcess(UserInfo)
    /// A client certificate that the TLS handshake verified against the cluster's CA.
    case certificate(commonName: String, organizations: [String])
    /// `Authorization: Bearer …`.
    case bearer(String)
    /// None.
    case none
}

/// HTTP's methods, as the API uses them.
package enum HTTPMethod: String, Sendable, Hashable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"
}

/// Header fields; names compare without case, order is kept.
package struct HTTPFields: Sendable, Hashable {
    /// One field.
    package struct Field: Sendable, Hashable {
        /// Its name.
        package let name: String
        /// Its value.
        package let value: String
    }

    /// The fields in order.
    package private(set) var all: [Field] = []

    /// Fields from pairs.
    package init(_ pairs: [(String, String)] = []) { all = pairs.map { Field(name: $0.0, value: $0.1) } }

    /// The first value of `name`; setting replaces every one.
    package subscript(_ name: String) -> String? {
        get { all.first { Self.same($0.name, name) }?.value }
        set {
            all.removeAll { Self.same($0.name, name) }
            if let newValue { all.append(Field(name: name, value: newValue)) }
        }
    }

    /// Every value of `name`.
    package func values(_ name: String) -> [String] { all.filter { Self.same($0.name, name) }.map(\.value) }
    /// Adds a field beside others of its name.
    package mutating func append(_ name: String, _ value: String) { all.append(Field(name: name, value: value)) }

    private static func same(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count
            && zip(left.utf8, right.utf8).allSatisfy { lowered($0) == lowered($1) }
    }
    private static func lowered(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }
}

/// One request to the API, whichever way it came.
package struct APIRequest: Sendable {
    /// The method.
    package var method: HTTPMethod
    /// The path, percent-decoded, without the query.
    package var path: String
    /// The query, percent-decoded, in order.
    package var query: [(name: String, value: String)]
    /// The header fields.
    package var headers: HTTPFields
    /// The body; empty when none.
    package var body: [UInt8]
    /// The body as a tree, from a client that is a part of this process; then `body` is empty.
    package var tree: Value?
    /// Whether the sender, a part of this process, takes replies as trees: what a wire carries is bytes.
    package var takesTrees = false
    /// What it shows to prove who asks.
    package var credentials: Credentials

    /// A request.
    package init(
        _ method: HTTPMethod, _ path: String, query: [(name: String, value: String)] = [],
        headers: HTTPFields = HTTPFields(), body: [UInt8] = [], credentials: Credentials = .none
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.credentials = credentials
    }

    /// The first value of a query parameter.
    package func query(_ name: String) -> String? { query.first { $0.name == name }?.value }
    /// The request as a wire carries it.
    package var onTheWire: APIRequest {
        var request = self
        if let tree { request.body = JSON.write(tree) }
        request.tree = nil
        request.takesTrees = false
        return request
    }
    /// Every value of a query parameter.
    package func queryValues(_ name: String) -> [String] { query.filter { $0.name == name }.map(\.value) }
    /// Whether a query parameter is `true` or `1`.
    package func queryFlag(_ name: String) -> Bool { ["true", "1"].contains(query(name) ?? "") }
}

/// One reply.
package struct APIResponse: Sendable {
    /// What follows the header.
    package enum Body: Sendable {
        /// All of it.
        case bytes([UInt8])
        /// Pieces as they come; each is flushed to the client.
        case stream(ByteStream)
        /// All of it, for a sender that takes trees.
        case tree(Value)
        /// The events of a watch as they come, for a sender that takes trees.
        case events(EventStream)
        /// The connection becomes a two-way channel of messages and `run` talks on it until it returns.
        case upgrade(ChannelUpgrade)
    }

    /// The HTTP status code.
    package var code: Int
    /// The header fields; `Content-Type` among them.
    package var headers: HTTPFields
    /// What follows.
    package var body: Body

    /// A reply.
    package init(code: Int, headers: HTTPFields = HTTPFields(), body: Body = .bytes([])) {
        self.code = code
        self.headers = headers
        self.body = body
    }

    /// A JSON reply.
    package static func json(_ bytes: [UInt8], code: Int = 200) -> APIResponse {
        APIResponse(code: code, headers: HTTPFields([("Content-Type", "application/json")]), body: .bytes(bytes))
    }
    /// A JSON reply from a tree.
    package static func json(_ value: Value, code: Int = 200) -> APIResponse { json(JSON.write(value), code: code) }
    /// A failure in Kubernetes' shape.
    package static func status(_ status: APIStatus) -> APIResponse {
        var response = json(status.object, code: status.code)
        if let seconds = status.details?.retryAfterSeconds, seconds > 0 {
            response.headers["Retry-After"] = String(seconds)
        }
        return response
    }
    /// Plain text.
    package static func text(_ text: String, code: Int = 200) -> APIResponse {
        APIResponse(
            code: code, headers: HTTPFields([("Content-Type", "text/plain; charset=utf-8")]),
            body: .bytes(Array(text.utf8)))
    }
}

/// Bytes that come in pieces, pulled by one reader: what is not pulled is not produced, so a slow client slows its
/// source and nothing is buffered between.
package struct ByteStream: Sendable {
    /// The next piece; nil at the end. Throwing ends the connection abruptly.
    package let next: @Sendable () async throws -> [UInt8]?
    /// Tells the source that nobody reads any more. Called exactly once by whoever consumes the stream.
    package let cancel: @Sendable () -> Void

    /// A stream.
    package init(next: @escaping @Sendable () async throws -> [UInt8]?, cancel: @escaping @Sendable () -> Void = {}) {
        self.next = next
        self.cancel = cancel
    }

    /// Everything until the end, at most `limit` bytes.
    package func collect(limit: Int = 64 << 20) async throws -> [UInt8] {
        var all: [UInt8] = []
        while let piece = try await next() {
            all.append(contentsOf: piece)
            if all.count > limit { throw APIStatus.tooLarge("the reply is longer than \(limit) bytes") }
        }
        return all
    }
}

/// The events of a watch that come in pieces, pulled by one reader, as the bytes of a `ByteStream` are.
package struct EventStream: Sendable {
    /// The next events; nil at the end.
    package let next: @Sendable () async throws -> [WatchEvent]?
    /// Tells the source that nobody reads any more. Called exactly once by whoever consumes the stream.
    package let cancel: @Sendable () -> Void

    /// A stream.
    package init(
        next: @escaping @Sendable () async throws -> [WatchEvent]?, cancel: @escaping @Sendable () -> Void = {}
    ) {
        self.next = next
        self.cancel = cancel
    }
}

/// Why a request got no reply. `lostReply` means the server may have acted.
package enum TransportError: Error, Sendable, Hashable {
    /// The server was not reached: nothing happened.
    case unreachable(String)
    /// The connection broke before the reply: whether it happened is unknown.
    case lostReply(String)
    /// The caller gave up.
    case cancelled
}

/// The one seam to the API: request in, reply out. The server conforms to it, and so does the HTTPS client.
package protocol APITransport: Sendable {
    /// Sends a request. Every answer of the server, failures included, is a reply; only its absence throws.
    func send(_ request: APIRequest) async throws(TransportError) -> APIResponse
}

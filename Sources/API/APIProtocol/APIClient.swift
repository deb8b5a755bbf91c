package import ObjectModel

/// Why a call of the API gave no result.
package enum APIError: Error, Sendable, Equatable {
    /// The server's answer.
    case status(APIStatus)
    /// No answer.
    case transport(TransportError)

    /// The HTTP code of the answer; nil without one.
    package var code: Int? { if case .status(let status) = self { status.code } else { nil } }
    /// Whether the answer was 404.
    package var isNotFound: Bool { code == 404 }
    /// Whether the answer was 409 Conflict (not AlreadyExists).
    package var isConflict: Bool {
        if case .status(let status) = self { status.reason == .conflict } else { false }
    }
    /// Whether the answer was 409 AlreadyExists.
    package var alreadyExists: Bool {
        if case .status(let status) = self { status.reason == .alreadyExists } else { false }
    }
}

/// A list with the revision it was read at.
package struct ObjectList: Sendable {
    /// The objects.
    package let items: [Value]
    /// The revision of the state.
    package let revision: Revision

    /// A list.
    package init(items: [Value], revision: Revision) {
        self.items = items
        self.revision = revision
    }
}

/// The kind of patch, by its media type.
package enum PatchType: String, Sendable, Hashable {
    case json = "application/json-patch+json"
    case merge = "application/merge-patch+json"
    case strategic = "application/strategic-merge-patch+json"
    case apply = "application/apply-patch+yaml"
}

/// Options of a DELETE.
package struct DeleteOptions: Sendable, Hashable {
    /// Seconds of grace; nil leaves it to the kind.
    package var gracePeriodSeconds: Int?
    /// Delete only the object with this uid.
    package var uid: String?
    /// Delete only this version.
    package var resourceVersion: String?
    /// Background, Foreground or Orphan.
    package var propagationPolicy: String?

    /// Options.
    package init(
        gracePeriodSeconds: Int? = nil, uid: String? = nil, resourceVersion: String? = nil,
        propagationPolicy: String? = nil
    ) {
        self.gracePeriodSeconds = gracePeriodSeconds
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.propagationPolicy = propagationPolicy
    }

    /// The body of the request.
    package var body: Value {
        var body: Value = ["kind": "DeleteOptions", "apiVersion": "v1"]
        if let gracePeriodSeconds { body["gracePeriodSeconds"] = .integer(Int64(gracePeriodSeconds)) }
        if let uid { body["preconditions", "uid"] = .string(uid) }
        if let resourceVersion { body["preconditions", "resourceVersion"] = .string(resourceVersion) }
        if let propagationPolicy { body["propagationPolicy"] = .string(propagationPolicy) }
        return body
    }
}

/// The API for programs: what controllers, the scheduler, the agent and the CLI use, over any transport.
package struct APIClient: Sendable {
    private let transport: any APITransport
    private let credentials: Credentials
    private let userAgent: String

    /// A client. `credentials` are shown with every request; an HTTPS transport proves itself and passes `.none`.
    package init(_ transport: any APITransport, credentials: Credentials = .none, userAgent: String = "ordinal") {
        self.transport = transport
        self.credentials = credentials
        self.userAgent = userAgent
    }

    /// The object, or 404.
    package func get(
        _ resource: APIResource, namespace: String = "", name: String
    ) async throws(APIError) -> Value {
        try await object(.get, resource.path(namespace: namespace, name: name))
    }

    /// All objects, in `namespace` or (empty) in all.
    package func list(
        _ resource: APIResource, namespace: String = "", labelSelector: String? = nil, fieldSelector: String? = nil,
        resourceVersion: String? = nil
    ) async throws(APIError) -> ObjectList {
        var query: [(name: String, value: String)] = []
        if let labelSelector { query.append(("labelSelector", labelSelector)) }
        if let fieldSelector { query.append(("fieldSelector", fieldSelector)) }
        if let resourceVersion { query.append(("resourceVersion", resourceVersion)) }
        let list = try await object(.get, resource.path(namespace: namespace), query: query)
        return ObjectList(items: list["items"]?.array ?? [], revision: list.revision ?? .zero)
    }

    /// Creates; the name may come from `generateName`.
    package func create(_ resource: APIResource, _ object: Value) async throws(APIError) -> Value {
        try await self.object(.post, resource.path(namespace: object.namespace), body: object)
    }

    /// Posts to a subresource, such as `binding`.
    package func create(
        _ resource: APIResource, namespace: String, name: String, subresource: String, _ body: Value
    ) async throws(APIError) -> Value {
        try await object(
            .post, resource.path(namespace: namespace, name: name, subresource: subresource), body: body)
    }

    /// Replaces; with the resourceVersion in `object` only that version.
    package func update(
        _ resource: APIResource, _ object: Value, subresource: String? = nil
    ) async throws(APIError) -> Value {
        try await self.object(
            .put, resource.path(namespace: object.namespace, name: object.name, subresource: subresource),
            body: object)
    }

    /// Patches.
    package func patch(
        _ resource: APIResource, namespace: String = "", name: String, type: PatchType = .merge, _ patch: Value,
        subresource: String? = nil
    ) async throws(APIError) -> Value {
        try await object(
            .patch, resource.path(namespace: namespace, name: name, subresource: subresource), body: patch,
            contentType: type.rawValue)
    }

    /// Deletes; answers with the object or a Status.
    @discardableResult
    package func delete(
        _ resource: APIResource, namespace: String = "", name: String, options: DeleteOptions = DeleteOptions()
    ) async throws(APIError) -> Value {
        try await object(.delete, resource.path(namespace: namespace, name: name), body: options.body)
    }

    /// Watches from `revision` on, with bookmarks. `events` of one read come in order; the stream ends when the
    /// server ends it, throws `.status` 410 when the revision is gone.
    package func watch(
        _ resource: APIResource, namespace: String = "", labelSelector: String? = nil, fieldSelector: String? = nil,
        after revision: Revision, timeoutSeconds: Int? = nil
    ) async throws(APIError) -> WatchStream {
        var query: [(name: String, value: String)] = [
            ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", revision.description),
        ]
        if let labelSelector { query.append(("labelSelector", labelSelector)) }
        if let fieldSelector { query.append(("fieldSelector", fieldSelector)) }
        if let timeoutSeconds { query.append(("timeoutSeconds", String(timeoutSeconds))) }
        let response = try await send(.get, resource.path(namespace: namespace), query: query)
        switch response.body {
        case .events(let stream) where response.code < 300: return WatchStream(stream)
        case .stream(let stream) where response.code < 300: return WatchStream(stream)
        case .bytes(let bytes) where response.code < 300:
            return WatchStream(ByteStream(once: bytes))
        default: throw await failure(response)
        }
    }

    /// Any request; the reply as it is.
    package func raw(
        _ method: HTTPMethod, _ path: String, query: [(name: String, value: String)] = []
    ) async throws(APIError) -> APIResponse {
        try await send(method, path, query: query)
    }

    private func object(
        _ method: HTTPMethod, _ path: String, query: [(name: String, value: String)] = [], body: Value? = nil,
        contentType: String = "application/json"
    ) async throws(APIError) -> Value {
        let response = try await send(method, path, query: query, body: body, contentType: contentType)
        guard response.code < 300 else { throw await failure(response) }
        guard let value = await tree(of: response) else {
            throw .transport(.lostReply("the reply to \(method.rawValue) \(path) is not JSON"))
        }
        return value
    }

    private func send(
        _ method: HTTPMethod, _ path: String, query: [(name: String, value: String)], body: Value? = nil,
        contentType: String = "application/json"
    ) async throws(APIError) -> APIResponse {
        var headers = HTTPFields([("Accept", "application/json"), ("User-Agent", userAgent)])
        if body != nil { headers["Content-Type"] = contentType }
        var request = APIRequest(method, path, query: query, headers: headers, credentials: credentials)
        request.tree = body
        request.takesTrees = true
        do throws(TransportError) {
            return try await transport.send(request)
        } catch {
            throw .transport(error)
        }
    }

    private func failure(_ response: APIResponse) async -> APIError {
        if case .tree(let tree) = response.body, let status = APIStatus(tree) { return .status(status) }
        let bytes = await bytes(of: response)
        if let value = try? JSON.parse(bytes), let status = APIStatus(value) { return .status(status) }
        let text = String(decoding: bytes.prefix(1000), as: UTF8.self)
        return .status(APIStatus(code: response.code, reason: .unknown, message: text))
    }

    /// Nil when the reply is no JSON.
    private func tree(of response: APIResponse) async -> Value? {
        if case .tree(let tree) = response.body { return tree }
        return try? JSON.parse(await bytes(of: response))
    }

    private func bytes(of response: APIResponse) async -> [UInt8] {
        switch response.body {
        case .bytes(let bytes): return bytes
        case .tree(let tree): return JSON.write(tree)
        case .stream(let stream):
            defer { stream.cancel() }
            return (try? await stream.collect()) ?? []
        case .events(let stream):
            stream.cancel()
            return []
        case .upgrade: return []
        }
    }
}

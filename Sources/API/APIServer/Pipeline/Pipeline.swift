internal import APIProtocol
internal import ObjectModel
internal import Schema

/// The stages that every request passes, in this order: resolve the path, authenticate, take a place among the requests
/// in flight, authorize, check the body's length, then serve a path or objects of a kind.
extension APIServer {
    /// The longest time of a request whose reply does not go on.
    static let requestTime = Duration.seconds(60)

    func answer(_ request: APIRequest, _ target: RequestTarget) async throws(APIStatus) -> APIResponse {
        try checkMethod(request)
        let user = try await authenticate(request)
        guard isCounted(target, request, user) else { return try await answer(request, target, user) }
        let writes = Self.writes(target, request)
        try requestsInFlight.enter(writes: writes)
        defer { requestsInFlight.leave(writes: writes) }
        return try await answer(request, target, user)
    }

    private func answer(
        _ request: APIRequest, _ target: RequestTarget, _ user: UserInfo
    ) async throws(APIStatus) -> APIResponse {
        try await authorize(user, request, target)
        try Body(request).checkLength()
        switch target {
        case .path(let path): return try await answerPath(path, request)
        case .resource(let target): return try await answerResource(target, request, user)
        }
    }

    /// Whether a request takes a place among those in flight. Parts of this process bound themselves; administrators and
    /// health probes are always answered; and what goes on for long would keep its place (as upstream).
    private func isCounted(_ target: RequestTarget, _ request: APIRequest, _ user: UserInfo) -> Bool {
        if case .inProcess = request.credentials { return false }
        if user.groups.contains(UserInfo.mastersGroup) { return false }
        switch target {
        case .path(let path): return !Self.isHealthCheck(path)
        case .resource(let target):
            return target.subresource.isEmpty ? target.verb != .watch : !isLongRunning(target)
        }
    }

    private static func writes(_ target: RequestTarget, _ request: APIRequest) -> Bool {
        switch target {
        case .path: request.method != .get && request.method != .head
        case .resource(let target): target.verb.writes
        }
    }

    private func checkMethod(_ request: APIRequest) throws(APIStatus) {
        guard request.method != .options else { throw .methodNotAllowed }
    }

    private func authenticate(_ request: APIRequest) async throws(APIStatus) -> UserInfo {
        let user = try await parts.authenticator.user(for: request.credentials)
        let isImpersonated = request.headers.all.contains { $0.name.lowercased().hasPrefix("impersonate-") }
        guard !isImpersonated else {
            throw APIStatus(
                code: 403, reason: .forbidden,
                message: "forbidden: User \"\(user.name)\" cannot impersonate: this server does not serve impersonation"
            )
        }
        return user
    }

    private func authorize(
        _ user: UserInfo, _ request: APIRequest, _ target: RequestTarget
    ) async throws(APIStatus) {
        let question = AuthorizationRequest(user: user, request: request, target: target) { key in
            parts.subresources[key]?.requiredVerb
        }
        if let reason = await parts.authorizer.denial(of: question) { throw question.forbidden(reason) }
    }

    private func answerResource(
        _ target: ResourceTarget, _ request: APIRequest, _ user: UserInfo
    ) async throws(APIStatus) -> APIResponse {
        guard let kind = served.registry.kind(target.groupVersion, plural: target.resource),
            kind.isNamespaced || target.namespace.isEmpty
        else { throw .unknownResource }
        let call = ResourceCall(
            request: request, target: target, kind: kind, user: user,
            representation: try Representation.negotiate(request), now: parts.environment.now(), warnings: WarningLog(),
            writer: ObjectWriter(
                store: store, admission: parts.admission, environment: parts.environment, recent: recent),
            running: target.verb == .watch ? requestClass(request, .resource(target)).map(metrics.begins) : nil)
        if let deprecation = kind.deprecation { call.warnings.add(deprecation) }
        var response = try await serve(call)
        call.warnings.write(to: &response.headers)
        return response
    }

    /// Reads are answered from memory and never wait; whatever may wait for others is limited in time.
    private func serve(_ call: ResourceCall) async throws(APIStatus) -> APIResponse {
        guard !call.target.subresource.isEmpty || call.target.verb.writes else { return try await call.serveObject() }
        return try await limited { () async throws(APIStatus) in
            call.target.subresource.isEmpty
                ? try await call.serveObject() : try await self.serveSubresource(call)
        }
    }

    private func serveSubresource(_ call: ResourceCall) async throws(APIStatus) -> APIResponse {
        guard let subresource = call.kind.subresource(call.target.subresource) else { throw .unknownResource }
        guard subresource.verbs.contains(call.target.verb.rawValue) else { throw .methodNotAllowed }
        guard subresource.behaviour == .custom else { return try await call.serve(subresource) }
        guard let handler = parts.subresources[SubresourceKey(call.kind.resource, subresource.name)] else {
            throw .unknownResource
        }
        return try await handler.handle(try call.subresourceCall(subresource))
    }

    /// Runs `work`, and answers 504 when it takes longer than a request may. What it began is cancelled then.
    private func limited(
        _ work: @escaping @Sendable () async throws(APIStatus) -> APIResponse
    ) async throws(APIStatus) -> APIResponse {
        let environment = parts.environment
        let result = await withTaskGroup(of: Result<APIResponse, APIStatus>?.self) { group in
            group.addTask {
                do throws(APIStatus) {
                    return .success(try await work())
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                guard (try? await environment.sleep(Self.requestTime)) != nil else { return nil }
                return .failure(.timedOut)
            }
            defer { group.cancelAll() }
            while let first = await group.next() {
                if let first { return first }
            }
            return .failure(.timedOut)
        }
        return try result.get()
    }
}

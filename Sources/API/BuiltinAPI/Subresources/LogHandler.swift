package import APIProtocol
package import APIServer
package import ObjectModel

/// `GET …/pods/NAME/log`: a container's log as plain text, as it comes.
package struct LogHandler: SubresourceHandler {
    private let nodes: any NodeDirectory

    /// The handler.
    package init(nodes: any NodeDirectory) { self.nodes = nodes }

    /// A log may be followed.
    package var isLongRunning: Bool { true }

    /// Answers with the log as a stream; nothing for a pod without a node.
    package func handle(_ call: SubresourceCall) async throws(APIStatus) -> APIResponse {
        let options = try Self.options(call.request, name: call.name, now: call.environment.now())
        let target = try await PodTarget.find(call)
        let headers = HTTPFields([("Content-Type", "text/plain")])
        guard !target.node.isEmpty else { return APIResponse(code: 200, headers: headers) }
        var wanted = LogRequest(pod: target.pod, podUID: target.uid, container: target.container)
        wanted.follow = options.follow
        wanted.previous = options.previous
        wanted.timestamps = options.timestamps
        wanted.tailLines = options.tailLines
        wanted.limitBytes = options.limitBytes
        wanted.since = options.since
        let stream = try await target.connection(nodes).logs(wanted)
        return APIResponse(code: 200, headers: headers, body: .stream(stream))
    }

    /// Reads the query (PodLogOptions); 422 in upstream's words.
    static func options(_ request: APIRequest, name: String, now: Timestamp) throws(APIStatus) -> LogRequest {
        var options = LogRequest(pod: NamespacedName(name: name), podUID: "", container: "")
        options.follow = request.queryFlag("follow")
        options.previous = request.queryFlag("previous")
        options.timestamps = request.queryFlag("timestamps")
        options.tailLines = try number(request, "tailLines")
        options.limitBytes = try number(request, "limitBytes")
        let seconds = try number(request, "sinceSeconds")
        let time = try time(request, "sinceTime")
        options.since = time ?? seconds.map { now + .seconds(-$0) }
        var errors: [FieldError] = []
        if let lines = options.tailLines, lines < 0 {
            errors.append(
                FieldError(.invalid, "tailLines", .integer(Int64(lines)), "must be greater than or equal to 0"))
        }
        for (field, value) in [("limitBytes", options.limitBytes), ("sinceSeconds", seconds)] {
            if let value, value < 1 {
                errors.append(FieldError(.invalid, field, .integer(Int64(value)), "must be greater than 0"))
            }
        }
        if seconds != nil, time != nil {
            errors.append(
                FieldError(.forbidden, "", nil, "at most one of `sinceTime` or `sinceSeconds` may be specified"))
        }
        guard errors.isEmpty else {
            throw .invalid(GroupVersionKind(group: "", version: "v1", kind: "PodLogOptions"), name: name, errors)
        }
        return options
    }

    private static func number(_ request: APIRequest, _ name: String) throws(APIStatus) -> Int? {
        guard let text = request.query(name), !text.isEmpty else { return nil }
        guard let number = Int(text), number.magnitude <= UInt(Int32.max) * 1000 else {
            throw .badRequest("strconv.ParseInt: parsing \"\(text)\": invalid syntax")
        }
        return number
    }

    private static func time(_ request: APIRequest, _ name: String) throws(APIStatus) -> Timestamp? {
        guard let text = request.query(name), !text.isEmpty else { return nil }
        guard let time = Timestamp(text) else {
            throw .badRequest("parsing time \"\(text)\" as \"2006-01-02T15:04:05Z07:00\": cannot parse")
        }
        return time
    }
}

/// An outcome in Kubernetes' own shape: what every failed request is answered with (metav1.Status).
package struct APIStatus: Error, Sendable, Equatable, CustomStringConvertible {
    /// metav1.StatusReason.
    package enum Reason: String, Sendable {
        case badRequest = "BadRequest"
        case unauthorized = "Unauthorized"
        case forbidden = "Forbidden"
        case notFound = "NotFound"
        case methodNotAllowed = "MethodNotAllowed"
        case notAcceptable = "NotAcceptable"
        case unsupportedMediaType = "UnsupportedMediaType"
        case alreadyExists = "AlreadyExists"
        case conflict = "Conflict"
        case gone = "Gone"
        case expired = "Expired"
        case requestEntityTooLarge = "RequestEntityTooLarge"
        case invalid = "Invalid"
        case tooManyRequests = "TooManyRequests"
        case internalError = "InternalError"
        case serviceUnavailable = "ServiceUnavailable"
        case timeout = "Timeout"
        case serverTimeout = "ServerTimeout"
        case unknown = ""
    }

    /// metav1.StatusCause.
    package struct Cause: Sendable, Equatable {
        /// The machine-readable cause, such as `FieldValueInvalid`.
        package var reason: String
        /// What is wrong.
        package var message: String
        /// The path of the field; empty when none.
        package var field: String

        /// A cause at `field`.
        package init(reason: String, message: String, field: String = "") {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    /// metav1.StatusDetails. `kind` holds the resource for most reasons, the kind for Invalid.
    package struct Details: Sendable, Equatable {
        /// The name of the object.
        package var name = ""
        /// The group.
        package var group = ""
        /// The resource, or for Invalid the kind.
        package var kind = ""
        /// The uid of the object.
        package var uid = ""
        /// The causes.
        package var causes: [Cause] = []
        /// After how many seconds to try again; 0 says nothing.
        package var retryAfterSeconds = 0

        /// Details of an object.
        package init(
            name: String = "", group: String = "", kind: String = "", uid: String = "", causes: [Cause] = [],
            retryAfterSeconds: Int = 0
        ) {
            self.name = name
            self.group = group
            self.kind = kind
            self.uid = uid
            self.causes = causes
            self.retryAfterSeconds = retryAfterSeconds
        }
    }

    /// The HTTP code.
    package var code: Int
    /// Why.
    package var reason: Reason
    /// For people.
    package var message: String
    /// About what.
    package var details: Details?

    /// An outcome.
    package init(code: Int, reason: Reason, message: String, details: Details? = nil) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
    }

    package var description: String { message }
}

extension APIStatus {
    /// 400: the request itself is wrong.
    package static func badRequest(_ message: String) -> APIStatus {
        APIStatus(code: 400, reason: .badRequest, message: message)
    }
    /// 401: no acceptable credentials.
    package static let unauthorized = APIStatus(code: 401, reason: .unauthorized, message: "Unauthorized")
    /// 403: not allowed. `message` is what follows "is forbidden: ".
    package static func forbidden(_ resource: GroupResource, name: String, _ message: String) -> APIStatus {
        let subject = name.isEmpty ? "\(resource) is forbidden" : "\(resource) \"\(name)\" is forbidden"
        return APIStatus(
            code: 403, reason: .forbidden, message: "\(subject): \(message)",
            details: Details(name: name, group: resource.group, kind: resource.resource))
    }
    /// 404: no such object.
    package static func notFound(_ resource: GroupResource, name: String) -> APIStatus {
        APIStatus(
            code: 404, reason: .notFound, message: "\(resource) \"\(name)\" not found",
            details: Details(name: name, group: resource.group, kind: resource.resource))
    }
    /// 405.
    package static let methodNotAllowed = APIStatus(
        code: 405, reason: .methodNotAllowed,
        message: "the server does not allow this method on the requested resource")
    /// 409: the name is taken.
    package static func alreadyExists(_ resource: GroupResource, name: String) -> APIStatus {
        APIStatus(
            code: 409, reason: .alreadyExists, message: "\(resource) \"\(name)\" already exists",
            details: Details(name: name, group: resource.group, kind: resource.resource))
    }
    /// 409: the object is not as the request supposed.
    package static func conflict(_ resource: GroupResource, name: String, _ message: String) -> APIStatus {
        APIStatus(
            code: 409, reason: .conflict,
            message: "Operation cannot be fulfilled on \(resource) \"\(name)\": \(message)",
            details: Details(name: name, group: resource.group, kind: resource.resource))
    }
    /// 409 for a resourceVersion that is not the stored one.
    package static func staleRevision(_ resource: GroupResource, name: String) -> APIStatus {
        conflict(
            resource, name: name,
            "the object has been modified; please apply your changes to the latest version and try again")
    }
    /// 410: that part of the history is gone; list again.
    package static func expired(_ message: String) -> APIStatus {
        APIStatus(code: 410, reason: .expired, message: message)
    }
    /// 413.
    package static func tooLarge(_ message: String) -> APIStatus {
        APIStatus(code: 413, reason: .requestEntityTooLarge, message: message)
    }
    /// How many errors one outcome carries.
    package static let maximumCauses = 100
    /// How many bytes of a message or of a path a cause carries.
    package static let maximumCauseLength = 8192

    /// 422: the object breaks rules of its kind; every error is a cause with its path. Of more than `maximumCauses`
    /// errors the first are told.
    package static func invalid(_ kind: GroupVersionKind, name: String, _ errors: [FieldError]) -> APIStatus {
        let causes = errors.prefix(maximumCauses).map {
            Cause(
                reason: $0.type.causeReason, message: $0.body.cut(toBytes: maximumCauseLength),
                field: $0.field.cut(toBytes: maximumCauseLength))
        }
        var list = causes.map { "\($0.field): \($0.message)" }
        if errors.count > causes.count { list.append("and \(errors.count - causes.count) more errors") }
        let text = list.count == 1 ? list[0] : "[\(list.joined(separator: ", "))]"
        return APIStatus(
            code: 422, reason: .invalid, message: "\(kind.qualifiedKind) \"\(name)\" is invalid: \(text)",
            details: Details(name: name, group: kind.group, kind: kind.kind, causes: causes))
    }
    /// 429.
    package static func tooManyRequests(_ message: String, retryAfterSeconds: Int = 1) -> APIStatus {
        APIStatus(
            code: 429, reason: .tooManyRequests, message: message,
            details: Details(retryAfterSeconds: retryAfterSeconds))
    }
    /// 500: a fault of ours.
    package static func internalError(_ message: String) -> APIStatus {
        APIStatus(
            code: 500, reason: .internalError, message: "Internal error occurred: \(message)",
            details: Details(causes: [Cause(reason: "", message: message)]))
    }
    /// 503.
    package static func unavailable(_ message: String) -> APIStatus {
        APIStatus(code: 503, reason: .serviceUnavailable, message: message)
    }
}

extension APIStatus {
    /// The metav1.Status object.
    package var object: Value {
        var status: Value = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:],
            "status": .string(code < 400 ? "Success" : "Failure"),
        ]
        if !message.isEmpty { status["message"] = .string(message) }
        if reason != .unknown { status["reason"] = .string(reason.rawValue) }
        if let details { status["details"] = details.object }
        status["code"] = .integer(Int64(code))
        return status
    }

    /// Reads a metav1.Status; nil when the value is none.
    package init?(_ value: Value) {
        guard value["kind"]?.string == "Status" else { return nil }
        self.init(
            code: value["code"]?.int ?? 500,
            reason: value["reason"]?.string.flatMap(Reason.init(rawValue:)) ?? .unknown,
            message: value["message"]?.string ?? "", details: value["details"].map(Details.init(_:)))
    }
}

extension APIStatus.Details {
    fileprivate var object: Value {
        var object = Value.emptyObject
        for (key, text) in [("name", name), ("group", group), ("kind", kind), ("uid", uid)] where !text.isEmpty {
            object[key] = .string(text)
        }
        if !causes.isEmpty {
            object["causes"] = .array(
                causes.map { cause in
                    var value: Value = [:]
                    if !cause.reason.isEmpty { value["reason"] = .string(cause.reason) }
                    if !cause.message.isEmpty { value["message"] = .string(cause.message) }
                    if !cause.field.isEmpty { value["field"] = .string(cause.field) }
                    return value
                })
        }
        if retryAfterSeconds > 0 { object["retryAfterSeconds"] = .integer(Int64(retryAfterSeconds)) }
        return object
    }

    fileprivate init(_ value: Value) {
        self.init(
            name: value["name"]?.string ?? "", group: value["group"]?.string ?? "",
            kind: value["kind"]?.string ?? "", uid: value["uid"]?.string ?? "",
            causes: (value["causes"]?.array ?? []).map {
                APIStatus.Cause(
                    reason: $0["reason"]?.string ?? "", message: $0["message"]?.string ?? "",
                    field: $0["field"]?.string ?? "")
            },
            retryAfterSeconds: value["retryAfterSeconds"]?.int ?? 0)
    }
}

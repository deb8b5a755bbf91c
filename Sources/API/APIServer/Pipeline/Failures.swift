internal import ObjectModel
internal import ObjectStorage

extension APIStatus {
    /// 404 for a path under which nothing is served.
    static let unknownResource = APIStatus(
        code: 404, reason: .notFound, message: "the server could not find the requested resource", details: Details())

    /// 504 after the time a request may take.
    static let timedOut = APIStatus(
        code: 504, reason: .timeout, message: "Timeout: request did not complete within the allotted timeout",
        details: Details())

    /// 415: the body is in none of these media types.
    static func unsupportedMediaType(_ accepted: [String]) -> APIStatus {
        APIStatus(
            code: 415, reason: .unsupportedMediaType,
            message: "the body of the request was in an unknown format - accepted media types include: "
                + accepted.joined(separator: ", "))
    }

    /// 504: a revision ahead of the store.
    static func tooLargeRevision(_ requested: String, current: Revision) -> APIStatus {
        let text = "Too large resource version: \(requested), current: \(current)"
        return APIStatus(
            code: 504, reason: .timeout, message: "Timeout: \(text)",
            details: Details(
                causes: [Cause(reason: "ResourceVersionTooLarge", message: "Too large resource version")],
                retryAfterSeconds: 1))
    }

    /// What a failure of the store that no verb expects is answered with.
    init(_ error: StoreError) {
        switch error {
        case .conflict: self = .internalError("a write met a conflict that nobody expected")
        case .compacted(let oldest): self = .expired("too old resource version: history begins at \(oldest)")
        case .futureRevision(let current): self = .tooLargeRevision("", current: current)
        case .watcherFellBehind: self = .expired("the watch did not keep up with the changes")
        case .unavailable(let reason): self = .unavailable("the store is not available: \(reason)")
        case .cancelled: self = .timedOut
        }
    }
}

/// Runs a call of the store; its failures become a Status.
func storing<Result>(_ call: () async throws(StoreError) -> Result) async throws(APIStatus) -> Result {
    do throws(StoreError) {
        return try await call()
    } catch {
        throw APIStatus(error)
    }
}

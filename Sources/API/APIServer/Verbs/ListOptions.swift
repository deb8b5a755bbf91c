internal import APIProtocol
internal import ObjectModel
internal import ObjectStorage
internal import Schema

/// The query of a list or watch (metav1.ListOptions), read and checked.
struct ListOptions: Sendable {
    /// Which objects.
    var selection: Selection
    /// The most objects of one reply; nil is all.
    var limit: Int?
    /// Where a former reply ended.
    var continuation: ContinueToken?
    /// The revision asked for, as text; empty when none.
    var resourceVersion: String
    /// How it is meant.
    var match: Match?
    /// Whether a watch may send bookmarks.
    var allowsBookmarks: Bool
    /// When the server ends a watch, in seconds.
    var timeoutSeconds: Int?
    /// Whether a watch begins with the present state; nil leaves it to the revision.
    var sendsInitialEvents: Bool?

    /// metav1.ResourceVersionMatch.
    enum Match: String, Sendable {
        case exact = "Exact"
        case notOlderThan = "NotOlderThan"
    }

    /// Reads the query; 400 and 422 in upstream's words.
    init(_ request: APIRequest, kind: KindDefinition, name: String = "", isWatch: Bool) throws(APIStatus) {
        selection = try Selection(
            labels: request.query("labelSelector") ?? "", fields: request.query("fieldSelector") ?? "", kind: kind,
            name: name)
        resourceVersion = request.query("resourceVersion") ?? ""
        let matchText = request.query("resourceVersionMatch") ?? ""
        let continueText = request.query("continue") ?? ""
        sendsInitialEvents = request.query("sendInitialEvents").flatMap { $0.isEmpty ? nil : $0 == "true" || $0 == "1" }
        let errors =
            isWatch
            ? Self.watchErrors(matchText, sendsInitialEvents: sendsInitialEvents, continuation: continueText)
            : Self.listErrors(
                matchText, resourceVersion: resourceVersion, continuation: continueText,
                sendsInitialEvents: sendsInitialEvents)
        guard errors.isEmpty else {
            throw .invalid(
                GroupVersionKind(group: "meta.k8s.io", version: "v1", kind: "ListOptions"), name: "", errors)
        }
        match = Match(rawValue: matchText)
        limit = try Self.number(request, "limit").flatMap { $0 > 0 ? $0 : nil }
        timeoutSeconds = try Self.number(request, "timeoutSeconds").flatMap { $0 > 0 ? $0 : nil }
        allowsBookmarks = request.queryFlag("allowWatchBookmarks")
        continuation = continueText.isEmpty ? nil : try ContinueToken(text: continueText)
        if continuation != nil, !resourceVersion.isEmpty, resourceVersion != "0" {
            throw .badRequest("specifying resource version is not allowed when using continue")
        }
        if !resourceVersion.isEmpty, revision == nil {
            throw .badRequest("Invalid value: \"\(resourceVersion)\": the resourceVersion is no decimal number")
        }
    }

    /// The revision asked for; nil when none or 0, which means any.
    var revision: Revision? { Revision(resourceVersion: resourceVersion) }

    /// Which state a list reads.
    var readRevision: ReadRevision {
        if let continuation { return continuation.revision.map(ReadRevision.exactly) ?? .latest }
        guard let revision, revision > .zero else { return .latest }
        // A limit without a match has always meant exactly this revision.
        let isExact = match == .exact || (match == nil && limit != nil)
        return isExact ? .exactly(revision) : .notOlderThan(revision)
    }

    /// The state that a first page may not be older than; nil for a later page, and where it has to be exactly another one.
    var oldestRevision: Revision? {
        if continuation != nil { return nil }
        return switch readRevision {
        case .latest: .zero
        case .notOlderThan(let revision): revision
        case .exactly: nil
        }
    }

    private static func number(_ request: APIRequest, _ name: String) throws(APIStatus) -> Int? {
        guard let text = request.query(name), !text.isEmpty else { return nil }
        guard let number = Int(text) else {
            throw .badRequest("strconv.ParseInt: parsing \"\(text)\": invalid syntax")
        }
        return number
    }

    private static func listErrors(
        _ match: String, resourceVersion: String, continuation: String, sendsInitialEvents: Bool?
    ) -> [FieldError] {
        var errors: [FieldError] = []
        let field = "resourceVersionMatch"
        if !match.isEmpty {
            if resourceVersion.isEmpty {
                errors.append(
                    FieldError(
                        .forbidden, field, nil, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
            }
            if !continuation.isEmpty {
                errors.append(
                    FieldError(
                        .forbidden, field, nil, "resourceVersionMatch is forbidden when continue is provided"))
            }
            if Match(rawValue: match) == nil {
                errors.append(.notSupported(field, .string(match), supported: ["Exact", "NotOlderThan", ""]))
            }
            if match == Match.exact.rawValue, resourceVersion == "0" {
                errors.append(
                    FieldError(
                        .forbidden, field, nil,
                        "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""))
            }
        }
        if sendsInitialEvents != nil {
            errors.append(
                FieldError(.forbidden, "sendInitialEvents", nil, "sendInitialEvents is forbidden for list"))
        }
        return errors
    }

    private static func watchErrors(
        _ match: String, sendsInitialEvents: Bool?, continuation: String
    ) -> [FieldError] {
        var errors: [FieldError] = []
        let field = "resourceVersionMatch"
        let wanted = Match.notOlderThan.rawValue
        if sendsInitialEvents != nil, match != wanted {
            errors.append(
                FieldError(
                    .forbidden, field, nil, "sendInitialEvents requires setting resourceVersionMatch to \(wanted)"))
        }
        guard !match.isEmpty else { return errors }
        if sendsInitialEvents == nil {
            errors.append(
                FieldError(
                    .forbidden, field, nil,
                    "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"))
        }
        if match != wanted { errors.append(.notSupported(field, .string(match), supported: [wanted])) }
        if !continuation.isEmpty {
            errors.append(
                FieldError(.forbidden, field, nil, "resourceVersionMatch is forbidden when continue is provided"))
        }
        return errors
    }
}

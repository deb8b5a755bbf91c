internal import APIProtocol
internal import ObjectModel

/// What a request does, in the words of authorization and discovery.
enum Verb: String, Sendable, Hashable {
    case get, list, watch, create, update, patch, delete, deletecollection

    /// Whether it may change something.
    var writes: Bool {
        switch self {
        case .get, .list, .watch: false
        case .create, .update, .patch, .delete, .deletecollection: true
        }
    }
}

/// The objects that a path names.
struct ResourceTarget: Sendable, Hashable {
    /// What is done.
    var verb: Verb
    /// Group and version.
    var groupVersion: GroupVersion
    /// The plural.
    var resource: String
    /// The namespace; empty for objects of the cluster and for all namespaces.
    var namespace: String
    /// The name; empty for a collection.
    var name: String
    /// The subresource; empty for the object itself.
    var subresource: String

    /// The namespace as authorization sees it: a namespace lies in itself.
    var authorizedNamespace: String {
        namespace.isEmpty && resource == RequestTarget.namespaces && groupVersion.group.isEmpty ? name : namespace
    }
}

/// What a request is about: made from method, path and query alone.
enum RequestTarget: Sendable, Hashable {
    /// Objects of a kind.
    case resource(ResourceTarget)
    /// Any other path, without a trailing slash.
    case path(String)

    static let namespaces = "namespaces"
    private static let subresourcesOfNamespaces: Set<String> = ["status", "finalize"]

    /// Resolves a request: `/api/V/…` and `/apis/G/V/…` with at least one more part are resources.
    static func resolve(_ request: APIRequest) -> RequestTarget {
        let parts = request.path.split(separator: "/").map(String.init)
        let path = RequestTarget.path("/" + parts.joined(separator: "/"))
        guard let prefix = parts.first, prefix == "api" || prefix == "apis" else { return path }
        let rootLength = prefix == "api" ? 2 : 3
        guard parts.count > rootLength else { return path }
        let groupVersion = GroupVersion(group: prefix == "api" ? "" : parts[1], version: parts[rootLength - 1])
        var rest = Array(parts[rootLength...])
        let isLegacyWatch = rest[0] == "watch" && rest.count > 1
        if isLegacyWatch { rest.removeFirst() }
        guard var target = objects(groupVersion, rest) else { return path }
        guard let verb = verb(of: request, hasName: !target.name.isEmpty) else { return path }
        target.verb = isLegacyWatch ? .watch : verb
        return .resource(target)
    }

    private static func objects(_ groupVersion: GroupVersion, _ parts: [String]) -> ResourceTarget? {
        var parts = parts
        var namespace = ""
        if parts[0] == namespaces, parts.count > 2, !subresourcesOfNamespaces.contains(parts[2]) {
            namespace = parts[1]
            parts.removeFirst(2)
        }
        guard parts.count <= 3 else { return nil }
        return ResourceTarget(
            verb: .get, groupVersion: groupVersion, resource: parts[0], namespace: namespace,
            name: parts.count > 1 ? parts[1] : "", subresource: parts.count > 2 ? parts[2] : "")
    }

    private static func verb(of request: APIRequest, hasName: Bool) -> Verb? {
        switch request.method {
        case .get, .head:
            if !hasName { return request.queryFlag("watch") ? .watch : .list }
            return .get
        case .post: return .create
        case .put: return .update
        case .patch: return .patch
        case .delete: return hasName ? .delete : .deletecollection
        case .options: return nil
        }
    }
}

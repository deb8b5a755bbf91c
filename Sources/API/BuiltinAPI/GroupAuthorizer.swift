internal import APIProtocol
package import APIServer
internal import ObjectModel

/// The rule before RBAC exists: the cluster's own parts and its masters may do everything, everyone else may only see
/// discovery, health, version and OpenAPI.
package struct GroupAuthorizer: Authorizer {
    /// The group of the control plane's own parts in this process.
    package static let controllersGroup = "system:kube-controllers"
    /// The groups whose members may do everything.
    package static let trustedGroups: Set<String> = [UserInfo.mastersGroup, "system:nodes", controllersGroup]
    private static let openPaths: Set<String> = ["/", "/api", "/apis", "/version", "/healthz", "/livez", "/readyz"]
    private static let openPrefixes = ["/api/", "/apis/", "/version/", "/healthz/", "/livez/", "/readyz/", "/openapi"]

    /// The rule.
    package init() {}

    /// Denies without a reason, as upstream does when no rule allows.
    package func denial(of request: AuthorizationRequest) async -> String? {
        if !Self.trustedGroups.isDisjoint(with: request.user.groups) { return nil }
        guard case .path(let path) = request.subject, ["get", "head"].contains(request.verb) else { return "" }
        return Self.openPaths.contains(path) || Self.openPrefixes.contains(where: path.hasPrefix) ? nil : ""
    }
}

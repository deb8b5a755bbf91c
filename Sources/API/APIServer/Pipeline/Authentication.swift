package import APIProtocol
package import ObjectModel

/// Judges bearer tokens.
package protocol TokenVerifier: Sendable {
    /// Whose token it is; nil when it is not valid.
    func user(of token: String) async -> UserInfo?
}

/// The pipeline's first judgement: who asks.
package struct Authenticator: Sendable {
    /// The group of everyone who proved who they are.
    package static let authenticatedGroup = "system:authenticated"
    private let tokens: (any TokenVerifier)?

    /// An authenticator; without `tokens` every bearer token is refused.
    package init(tokens: (any TokenVerifier)? = nil) { self.tokens = tokens }

    /// Who asks; 401 for credentials that are not valid.
    package func user(for credentials: Credentials) async throws(APIStatus) -> UserInfo {
        switch credentials {
        case .none: return .anonymous
        case .inProcess(let user): return authenticated(user)
        case .certificate(let name, let organizations):
            guard !name.isEmpty else { throw .unauthorized }
            return authenticated(UserInfo(name: name, groups: organizations))
        case .bearer(let token):
            guard let user = await tokens?.user(of: token) else { throw .unauthorized }
            return authenticated(user)
        }
    }

    private func authenticated(_ user: UserInfo) -> UserInfo {
        guard !user.groups.contains(Self.authenticatedGroup) else { return user }
        var user = user
        user.groups.append(Self.authenticatedGroup)
        return user
    }
}

package import APIProtocol
package import ObjectModel

/// What a request asks to do, as authorization sees it.
package struct AuthorizationRequest: Sendable, Hashable {
    /// What it is about.
    package enum Subject: Sendable, Hashable {
        /// Objects: an empty name means the collection; an empty subresource the object itself.
        case resource(GroupResource, version: String, subresource: String, namespace: String, name: String)
        /// A path that is no resource, such as `/version`.
        case path(String)
    }

    /// Who asks.
    package let user: UserInfo
    /// The verb: `get`, `list`, `create`, for paths the lower-case method.
    package let verb: String
    /// What it is about.
    package let subject: Subject

    /// A question.
    package init(user: UserInfo, verb: String, subject: Subject) {
        self.user = user
        self.verb = verb
        self.subject = subject
    }
}

/// Decides what may be done.
package protocol Authorizer: Sendable {
    /// Nil when it is allowed; else why not, which may be empty.
    func denial(of request: AuthorizationRequest) async -> String?
}

/// Whom a client believes and how it proves itself. All texts are PEM.
package struct ClientIdentity: Sendable, Hashable {
    /// The authorities a server's certificate may come from; nil is the system's.
    package var authority: String?
    /// The client's certificate with its intermediates.
    package var certificateChain: String?
    /// The key of the certificate.
    package var privateKey: String?
    /// A bearer token.
    package var token: String?
    /// Believe any server. For tests only.
    package var trustsAnyServer: Bool

    /// An identity.
    package init(
        authority: String? = nil, certificateChain: String? = nil, privateKey: String? = nil, token: String? = nil,
        trustsAnyServer: Bool = false
    ) {
        self.authority = authority
        self.certificateChain = certificateChain
        self.privateKey = privateKey
        self.token = token
        self.trustsAnyServer = trustsAnyServer
    }
}

/// Why a client cannot be made.
package enum ClientSetupError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A certificate or key cannot be read.
    case invalidIdentity(String)
    /// A kubeconfig cannot be used.
    case invalidKubeconfig(String)

    package var description: String {
        switch self {
        case .invalidIdentity(let reason): "invalid client certificate, key or authority: \(reason)"
        case .invalidKubeconfig(let reason): "invalid kubeconfig: \(reason)"
        }
    }
}

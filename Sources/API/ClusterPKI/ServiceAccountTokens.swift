internal import Crypto
internal import FoundationEssentials
internal import JWTKit

/// What a ServiceAccount token says, in upstream's claims.
package struct BoundTokenClaims: Sendable, Hashable {
    /// The object that a token lives with.
    package struct Binding: Sendable, Hashable {
        /// What it is.
        package enum Kind: String, Sendable, Hashable {
            case pod = "Pod"
            case secret = "Secret"
            case node = "Node"
        }

        /// What it is.
        package var kind: Kind
        /// Its name.
        package var name: String
        /// Its uid.
        package var uid: String

        /// A binding.
        package init(_ kind: Kind, name: String, uid: String) {
            self.kind = kind
            self.name = name
            self.uid = uid
        }
    }

    /// The namespace.
    package var namespace: String
    /// The account's name.
    package var account: String
    /// The account's uid.
    package var accountUID: String
    /// The object it is bound to; nil when to none.
    package var binding: Binding?
    /// For whom it is; empty stands for the issuer.
    package var audiences: [String]
    /// From when it is valid, in seconds since 1970.
    package var issuedAt: Int64
    /// Until when it is valid, in seconds since 1970.
    package var expiresAt: Int64

    /// Claims.
    package init(
        namespace: String, account: String, accountUID: String, binding: Binding? = nil,
        audiences: [String] = [], issuedAt: Int64, expiresAt: Int64
    ) {
        self.namespace = namespace
        self.account = account
        self.accountUID = accountUID
        self.binding = binding
        self.audiences = audiences
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }

    /// The user the token stands for.
    package var userName: String { "system:serviceaccount:\(namespace):\(account)" }
}

/// Signs and verifies ServiceAccount tokens: ES256 JWTs with the claims of upstream's bound tokens.
package struct ServiceAccountTokens: Sendable {
    /// The `iss` of every token, and its default audience.
    package let issuer: String
    private let keys: JWTKeyCollection
    private let identifier: JWKIdentifier

    /// A signer with a P-256 private key in PEM.
    package init(issuer: String, keyPEM: String) async throws(PKIError) {
        self.issuer = issuer
        do {
            let key = try P256.Signing.PrivateKey(pemRepresentation: keyPEM)
            let digest = Data(SHA256.hash(data: key.publicKey.derRepresentation))
            identifier = JWKIdentifier(string: Self.base64URL(digest))
            keys = try await JWTKeyCollection().add(ecdsa: ES256PrivateKey(pem: keyPEM), kid: identifier)
        } catch {
            throw PKIError("the ServiceAccount key is damaged: \(error)")
        }
    }

    /// A new private key in PEM.
    package static func makeKey() -> String { P256.Signing.PrivateKey().pemRepresentation }

    /// Signs a token; `id` is its unique `jti`.
    package func sign(_ claims: BoundTokenClaims, id: String) async throws(PKIError) -> String {
        let payload = TokenPayload(
            aud: claims.audiences.isEmpty ? [issuer] : claims.audiences, exp: claims.expiresAt, iat: claims.issuedAt,
            iss: issuer, jti: id,
            kubernetes: .init(claims),
            nbf: claims.issuedAt, sub: claims.userName)
        do {
            return try await keys.sign(payload, kid: identifier)
        } catch {
            throw PKIError("a token cannot be signed: \(error)")
        }
    }

    /// The claims of a token of this issuer for this issuer's audience that is valid now; nil for any other text.
    package func verify(_ token: String, now: Int64) async -> BoundTokenClaims? {
        guard let payload = try? await keys.verify(token, as: TokenPayload.self), payload.iss == issuer,
            payload.aud.contains(issuer), payload.nbf <= now, now < payload.exp
        else { return nil }
        let bound = payload.kubernetes
        return BoundTokenClaims(
            namespace: bound.namespace, account: bound.serviceaccount.name, accountUID: bound.serviceaccount.uid,
            binding: bound.binding, audiences: payload.aud, issuedAt: payload.iat, expiresAt: payload.exp)
    }

    private static func base64URL(_ data: Data) -> String {
        String(data.base64EncodedString().compactMap { ["+": "-", "/": "_"][$0] ?? ($0 == "=" ? nil : $0) })
    }
}

private struct TokenPayload: JWTPayload {
    struct Reference: Codable {
        let name: String
        let uid: String
    }
    struct Bound: Codable {
        let namespace: String
        let node: Reference?
        let pod: Reference?
        let secret: Reference?
        let serviceaccount: Reference

        init(_ claims: BoundTokenClaims) {
            func reference(_ kind: BoundTokenClaims.Binding.Kind) -> Reference? {
                claims.binding.flatMap { $0.kind == kind ? Reference(name: $0.name, uid: $0.uid) : nil }
            }
            namespace = claims.namespace
            (node, pod, secret) = (reference(.node), reference(.pod), reference(.secret))
            serviceaccount = Reference(name: claims.account, uid: claims.accountUID)
        }

        /// The pod first: its token may name the pod's node too.
        var binding: BoundTokenClaims.Binding? {
            if let pod { return BoundTokenClaims.Binding(.pod, name: pod.name, uid: pod.uid) }
            if let secret { return BoundTokenClaims.Binding(.secret, name: secret.name, uid: secret.uid) }
            return node.map { BoundTokenClaims.Binding(.node, name: $0.name, uid: $0.uid) }
        }
    }

    let aud: [String]
    let exp: Int64
    let iat: Int64
    let iss: String
    let jti: String
    let kubernetes: Bound
    let nbf: Int64
    let sub: String

    enum CodingKeys: String, CodingKey {
        case aud, exp, iat, iss, jti, nbf, sub
        case kubernetes = "kubernetes.io"
    }

    // Times are judged by the caller's clock, not by the library's.
    func verify(using algorithm: some JWTAlgorithm) async throws {}
}

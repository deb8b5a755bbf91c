internal import Crypto
internal import FoundationEssentials
internal import JWTKit

/// What a ServiceAccount token says, in upstream's claims.
package struct BoundTokenClaims: Sendable, Hashable {
    /// The namespace.
    package var namespace: String
    /// The account's name.
    package var account: String
    /// The account's uid.
    package var accountUID: String
    /// The pod it is bound to; nil when to none.
    package var pod: (name: String, uid: String)?
    /// For whom it is; empty stands for the issuer.
    package var audiences: [String]
    /// From when it is valid, in seconds since 1970.
    package var issuedAt: Int64
    /// Until when it is valid, in seconds since 1970.
    package var expiresAt: Int64

    /// Claims.
    package init(
        namespace: String, account: String, accountUID: String, pod: (name: String, uid: String)? = nil,
        audiences: [String] = [], issuedAt: Int64, expiresAt: Int64
    ) {
        self.namespace = namespace
        self.account = account
        self.accountUID = accountUID
        self.pod = pod
        self.audiences = audiences
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }

    /// The user the token stands for.
    package var userName: String { "system:serviceaccount:\(namespace):\(account)" }

    package static func == (left: BoundTokenClaims, right: BoundTokenClaims) -> Bool {
        left.parts == right.parts
    }
    package func hash(into hasher: inout Hasher) { hasher.combine(parts) }
    private var parts: [String] {
        [
            namespace, account, accountUID, pod?.name ?? "", pod?.uid ?? "", String(issuedAt), String(expiresAt),
        ] + audiences
    }
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
            kubernetes: .init(
                namespace: claims.namespace, pod: claims.pod.map { .init(name: $0.name, uid: $0.uid) },
                serviceaccount: .init(name: claims.account, uid: claims.accountUID)),
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
            pod: bound.pod.map { ($0.name, $0.uid) }, audiences: payload.aud, issuedAt: payload.iat,
            expiresAt: payload.exp)
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
        let pod: Reference?
        let serviceaccount: Reference
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

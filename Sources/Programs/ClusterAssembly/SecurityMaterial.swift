internal import APIProtocol
internal import APIServer
internal import BuiltinAPI
internal import ClusterPKI
internal import ObjectModel

/// The certificates and keys of a cluster, from its data directory.
struct SecurityMaterial: Sendable {
    let authority: CertificateAuthority
    let server: KeyPair
    let administrator: KeyPair
    let tokens: ServiceAccountTokens

    /// Reads them, or makes what is missing or has aged.
    static func prepare(
        _ directory: DataDirectory, _ configuration: ClusterConfiguration, bridge: IPv4Address?, now: Timestamp
    ) async throws(StartupError) -> SecurityMaterial {
        do throws(PKIError) {
            let files = try PKIDirectory(path: directory.pki)
            let seconds = now.seconds
            let authority = try files.authority(now: seconds)
            let names = dnsNames(configuration)
            let addresses = addresses(configuration, bridge, machine: MachineAddresses.read()).map { address in
                [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: address.number >> UInt32($0)) }
            }
            let server = try files.pair(
                "server", of: authority, dnsNames: names, addresses: addresses, now: seconds
            ) { () throws(PKIError) in
                try authority.server(
                    commonName: "ordinal", dnsNames: names, addresses: addresses, now: seconds)
            }
            let administrator = try files.pair("admin", of: authority, now: seconds) { () throws(PKIError) in
                try authority.client(
                    commonName: "kubernetes-admin", organizations: [UserInfo.mastersGroup], now: seconds)
            }
            let key = try files.key("service-account", make: ServiceAccountTokens.makeKey)
            let tokens = try await ServiceAccountTokens(
                issuer: "https://kubernetes.default.svc.\(configuration.clusterDomain)", keyPEM: key)
            return SecurityMaterial(
                authority: authority, server: server, administrator: administrator, tokens: tokens)
        } catch {
            throw .failed(error.description)
        }
    }

    private static func dnsNames(_ configuration: ClusterConfiguration) -> [String] {
        let service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"]
        return ["localhost"] + service + ["kubernetes.default.svc.\(configuration.clusterDomain)"]
    }

    /// The addresses that clients reach the API at. `machine` are this machine's, which count when it listens on all.
    static func addresses(
        _ configuration: ClusterConfiguration, _ bridge: IPv4Address?, machine: [IPv4Address]
    ) -> [IPv4Address] {
        let loopback = IPv4Address(number: 0x7F00_0001)
        let listen = IPv4Address(configuration.listenHost) ?? loopback
        let all = [loopback, listen, configuration.apiServiceAddress] + (bridge.map { [$0] } ?? [])
        return Array(Set(all + (listen.number == 0 ? machine : []))).sorted()
    }
}

/// Signs tokens for the API and judges those that requests show.
struct ClusterTokens: TokenIssuer, TokenVerifier {
    let tokens: ServiceAccountTokens
    let subjects: TokenSubjects
    let now: @Sendable () -> Timestamp
    let makeID: @Sendable () -> String

    var defaultAudiences: [String] { [tokens.issuer] }

    func token(_ claims: ServiceAccountClaims) async throws(APIStatus) -> String {
        let binding = claims.boundObject.flatMap { bound in
            BoundTokenClaims.Binding.Kind(rawValue: bound.kind).map { kind in
                BoundTokenClaims.Binding(kind, name: bound.name, uid: bound.uid)
            }
        }
        do throws(PKIError) {
            return try await tokens.sign(
                BoundTokenClaims(
                    namespace: claims.namespace, account: claims.name, accountUID: claims.uid, binding: binding,
                    audiences: claims.audiences, issuedAt: claims.issuedAt.seconds,
                    expiresAt: claims.expiresAt.seconds),
                id: makeID())
        } catch {
            throw .internalError(error.description)
        }
    }

    func user(of token: String) async -> UserInfo? {
        let now = now()
        guard let claims = await tokens.verify(token, now: now.seconds) else { return nil }
        let bound = claims.binding.map {
            ServiceAccountClaims.Reference(kind: $0.kind.rawValue, name: $0.name, uid: $0.uid)
        }
        guard
            await subjects.exist(
                namespace: claims.namespace, account: claims.account, uid: claims.accountUID, boundTo: bound, now: now)
        else { return nil }
        return UserInfo(
            name: claims.userName,
            groups: ["system:serviceaccounts", "system:serviceaccounts:\(claims.namespace)"], uid: claims.accountUID)
    }
}

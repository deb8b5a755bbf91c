import ClusterPKI
import Foundation
import Testing

@Suite struct CertificateAuthorityTests {
    let now: Int64 = 1_800_000_000

    @Test func issuedCertificatesVerifyAgainstTheAuthority() throws {
        let authority = try CertificateAuthority(name: "ca", now: now)
        let pair = try authority.server(
            commonName: "api", dnsNames: ["kubernetes.default.svc"], addresses: [[10, 96, 0, 1]], now: now)
        #expect(
            authority.isCurrent(pair, dnsNames: ["kubernetes.default.svc"], addresses: [[10, 96, 0, 1]], now: now))
        let restored = try CertificateAuthority(authority.pair)
        #expect(restored.isCurrent(pair, now: now))
        #expect(try !CertificateAuthority(name: "ca", now: now).isCurrent(pair, now: now))
    }

    @Test func newNamesAndAgeMakeACertificateStale() throws {
        let authority = try CertificateAuthority(name: "ca", now: now)
        let pair = try authority.server(commonName: "api", dnsNames: ["a"], addresses: [], now: now)
        #expect(!authority.isCurrent(pair, dnsNames: ["a", "b"], now: now))
        #expect(!authority.isCurrent(pair, addresses: [[127, 0, 0, 1]], now: now))
        #expect(!authority.isCurrent(pair, now: now + 300 * 86400))
    }

    @Test func aCertificateBesideAnotherKeyIsStale() throws {
        let authority = try CertificateAuthority(name: "ca", now: now)
        let pairs = try (0..<2).map { _ in try authority.client(commonName: "admin", now: now) }
        let mixed = KeyPair(certificate: pairs[0].certificate, key: pairs[1].key)
        #expect(authority.isCurrent(pairs[0], now: now))
        #expect(!authority.isCurrent(mixed, now: now))
    }

    @Test func keysAreMadeOnceAndForTheOwnerOnly() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let directory = try PKIDirectory(path: folder)
        let authority = try directory.authority(now: now)
        #expect(try directory.authority(now: now).pair == authority.pair)
        let first = try directory.pair("admin", of: authority, now: now) { () throws(PKIError) in
            try authority.client(commonName: "admin", organizations: ["system:masters"], now: now)
        }
        let second = try directory.pair("admin", of: authority, now: now) { () throws(PKIError) in
            throw PKIError("issued again")
        }
        #expect(first == second)
        let mode = try FileManager.default.attributesOfItem(atPath: "\(folder)/ca.key")[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    /// A folder that goes with the test.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test(arguments: ["ca.crt", "ca.key"], ["no text", "a folder", "a loop"])
    func anAuthorityThatCannotBeReadIsNotReplaced(_ file: String, _ damage: String) throws {
        try withFolder { folder in
            let directory = try PKIDirectory(path: folder)
            _ = try directory.authority(now: now)
            let path = "\(folder)/\(file)"
            try FileManager.default.removeItem(atPath: path)
            switch damage {
            case "no text": try Data([0xFF, 0xFE]).write(to: URL(fileURLWithPath: path))
            case "a folder": try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            default: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
            }
            let other = "\(folder)/\(file == "ca.crt" ? "ca.key" : "ca.crt")"
            let before = try Data(contentsOf: URL(fileURLWithPath: other))
            let error = #expect(throws: PKIError.self) { try directory.authority(now: now) }
            #expect(error?.description.contains(path) == true, "\(String(describing: error))")
            #expect(try Data(contentsOf: URL(fileURLWithPath: other)) == before)
        }
    }

    @Test func halfAnAuthorityIsCompletedByItsKeyOnly() throws {
        try withFolder { folder in
            let directory = try PKIDirectory(path: folder)
            let authority = try directory.authority(now: now)
            let issued = try authority.client(commonName: "admin", now: now)
            // What a crash at the first start leaves.
            try FileManager.default.removeItem(atPath: "\(folder)/ca.crt")
            let completed = try directory.authority(now: now)
            #expect(completed.pair.key == authority.pair.key)
            #expect(completed.isCurrent(issued, now: now))
            try FileManager.default.removeItem(atPath: "\(folder)/ca.key")
            let error = #expect(throws: PKIError.self) { try directory.authority(now: now) }
            #expect(error?.description.hasPrefix("\(folder)/ca.key is missing") == true)
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/ca.key"))
        }
    }

    @Test func damagedFilesAreAnErrorNotACrash() {
        #expect(throws: PKIError.self) { try CertificateAuthority(KeyPair(certificate: "x", key: "y")) }
    }
}

@Suite struct ServiceAccountTokensTests {
    let claims = BoundTokenClaims(
        namespace: "default", account: "web", accountUID: "u1", binding: .init(.pod, name: "web-0", uid: "p1"),
        issuedAt: 1000, expiresAt: 2000)

    @Test func tokensCarryUpstreamsClaims() async throws {
        let tokens = try await ServiceAccountTokens(issuer: "https://issuer", keyPEM: ServiceAccountTokens.makeKey())
        let token = try await tokens.sign(claims, id: "j1")
        let verified = try #require(await tokens.verify(token, now: 1500))
        #expect(verified.userName == "system:serviceaccount:default:web")
        #expect(verified.binding == .init(.pod, name: "web-0", uid: "p1"))
        var other = claims
        for kind in [BoundTokenClaims.Binding.Kind.secret, .node] {
            other.binding = .init(kind, name: "b", uid: "b1")
            let text = try await tokens.sign(other, id: "j2")
            #expect(await tokens.verify(text, now: 1500)?.binding == other.binding)
        }
        #expect(verified.audiences == ["https://issuer"])
        let body = token.split(separator: ".")[1].replacingOccurrences(of: "-", with: "+")
            .replacingOccurrences(of: "_", with: "/")
        let padded = body + String(repeating: "=", count: (4 - body.count % 4) % 4)
        let text = String(decoding: try #require(Data(base64Encoded: padded)), as: UTF8.self)
        #expect(text.contains(#""kubernetes.io""#) && text.contains(#""serviceaccount""#))
    }

    @Test func expiredEarlyForeignAndTamperedTokensAreRefused() async throws {
        let tokens = try await ServiceAccountTokens(issuer: "https://issuer", keyPEM: ServiceAccountTokens.makeKey())
        let token = try await tokens.sign(claims, id: "j1")
        #expect(await tokens.verify(token, now: 2000) == nil)
        #expect(await tokens.verify(token, now: 999) == nil)
        #expect(await tokens.verify(token + "x", now: 1500) == nil)
        #expect(await tokens.verify("", now: 1500) == nil)
        let other = try await ServiceAccountTokens(issuer: "https://issuer", keyPEM: ServiceAccountTokens.makeKey())
        #expect(await other.verify(token, now: 1500) == nil)
        var foreign = claims
        foreign.audiences = ["vault"]
        #expect(await tokens.verify(try await tokens.sign(foreign, id: "j2"), now: 1500) == nil)
    }
}

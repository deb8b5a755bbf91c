internal import Crypto
internal import FoundationEssentials
internal import SwiftASN1
internal import X509

/// A certificate and its private key, as PEM text.
package struct KeyPair: Sendable, Hashable {
    /// The certificate.
    package let certificate: String
    /// The private key (P-256).
    package let key: String

    /// Restores what was stored.
    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// Why keys or certificates cannot be had.
package struct PKIError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, with the file where one is.
    package let description: String

    /// A reason.
    package init(_ description: String) { self.description = description }
}

/// The cluster's own certificate authority: signs the server's and its clients' certificates.
///
/// P-256 throughout. Times are seconds since 1970, so the caller owns the clock. Certificates begin 5 minutes in the past
/// against clocks that differ.
package struct CertificateAuthority: Sendable {
    /// How long the authority itself is valid, in seconds: 10 years.
    package static let authorityLifetime: Int64 = 10 * 365 * 86400
    /// How long issued certificates are valid, in seconds: a year.
    package static let certificateLifetime: Int64 = 365 * 86400
    private static let clockSkew: Int64 = 300

    /// The authority's own certificate and key.
    package let pair: KeyPair
    private let certificate: Certificate
    private let key: P256.Signing.PrivateKey

    /// Makes a new authority; of a key that was stored (PEM), if one is given.
    package init(name: String, key stored: String? = nil, now: Int64) throws(PKIError) {
        do {
            let key = try stored.map { try P256.Signing.PrivateKey(pemRepresentation: $0) } ?? P256.Signing.PrivateKey()
            let subject = try DistinguishedName([.init(type: .RDNAttributeType.commonName, utf8String: name)])
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
                notValidBefore: Self.date(now - Self.clockSkew), notValidAfter: Self.date(now + Self.authorityLifetime),
                issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(digitalSignature: true, keyCertSign: true, cRLSign: true))
                    SubjectKeyIdentifier(keyIdentifier: Self.identifier(of: key.publicKey))
                },
                issuerPrivateKey: .init(key))
            try self.init(certificate: certificate, key: key)
        } catch {
            throw PKIError("the certificate authority cannot be made: \(error)")
        }
    }

    /// Restores an authority from what was stored.
    package init(_ pair: KeyPair) throws(PKIError) {
        do {
            self.pair = pair
            certificate = try Certificate(pemEncoded: pair.certificate)
            key = try P256.Signing.PrivateKey(pemRepresentation: pair.key)
        } catch {
            throw PKIError("the certificate authority's files are damaged: \(error)")
        }
    }

    private init(certificate: Certificate, key: P256.Signing.PrivateKey) throws {
        self.certificate = certificate
        self.key = key
        pair = KeyPair(certificate: try certificate.serializeAsPEM().pemString, key: key.pemRepresentation)
    }

    /// A certificate for a server that is known by these DNS names and IPv4 addresses.
    package func server(
        commonName: String, dnsNames: [String], addresses: [[UInt8]], now: Int64
    ) throws(PKIError) -> KeyPair {
        let names =
            dnsNames.map { GeneralName.dnsName($0) }
            + addresses.map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0[...])) }
        return try issue(commonName: commonName, organizations: [], usage: .serverAuth, names: names, now: now)
    }

    /// A certificate for a client: its common name is the user, its organizations the groups.
    package func client(
        commonName: String, organizations: [String] = [], now: Int64
    ) throws(PKIError) -> KeyPair {
        try issue(commonName: commonName, organizations: organizations, usage: .clientAuth, names: [], now: now)
    }

    /// Whether a certificate of this authority is still good: for every one of the names and addresses, and for at
    /// least a quarter of its life.
    package func isCurrent(_ pair: KeyPair, dnsNames: [String] = [], addresses: [[UInt8]] = [], now: Int64) -> Bool {
        // A crash between the two files leaves a new key beside the old certificate.
        guard let leaf = try? Certificate(pemEncoded: pair.certificate), leaf.issuer == certificate.subject,
            let leafKey = try? P256.Signing.PrivateKey(pemRepresentation: pair.key),
            leaf.publicKey == .init(leafKey.publicKey),
            certificate.publicKey.isValidSignature(leaf.signature, for: leaf),
            Self.date(now + Self.certificateLifetime / 4) < leaf.notValidAfter
        else { return false }
        let names = (try? leaf.extensions.subjectAlternativeNames).map(Array.init) ?? []
        return dnsNames.allSatisfy { names.contains(.dnsName($0)) }
            && addresses.allSatisfy { names.contains(.ipAddress(ASN1OctetString(contentBytes: $0[...]))) }
    }

    private func issue(
        commonName: String, organizations: [String], usage: ExtendedKeyUsage.Usage, names: [GeneralName], now: Int64
    ) throws(PKIError) -> KeyPair {
        let leafKey = P256.Signing.PrivateKey()
        do {
            var parts = organizations.map {
                RelativeDistinguishedName(.init(type: .RDNAttributeType.organizationName, utf8String: $0))
            }
            parts.append(
                RelativeDistinguishedName(.init(type: .RDNAttributeType.commonName, utf8String: commonName)))
            let leaf = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(leafKey.publicKey),
                notValidBefore: Self.date(now - Self.clockSkew),
                notValidAfter: Self.date(now + Self.certificateLifetime), issuer: certificate.subject,
                subject: DistinguishedName(parts), signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    try ExtendedKeyUsage([usage])
                    AuthorityKeyIdentifier(keyIdentifier: Self.identifier(of: key.publicKey))
                    if !names.isEmpty { SubjectAlternativeNames(names) }
                },
                issuerPrivateKey: .init(key))
            return KeyPair(certificate: try leaf.serializeAsPEM().pemString, key: leafKey.pemRepresentation)
        } catch {
            throw PKIError("a certificate for \(commonName) cannot be made: \(error)")
        }
    }

    private static func date(_ seconds: Int64) -> Date { Date(timeIntervalSince1970: Double(seconds)) }

    private static func identifier(of key: P256.Signing.PublicKey) -> ArraySlice<UInt8> {
        ArraySlice(Insecure.SHA1.hash(data: key.x963Representation))
    }
}

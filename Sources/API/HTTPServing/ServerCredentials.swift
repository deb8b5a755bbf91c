internal import APIProtocol
internal import NIOCore
internal import NIOSSL

extension ServerTLS {
    /// The TLS context: client certificates are asked for, need not come, and must be valid when they come.
    func context() throws(HTTPServerError) -> NIOSSLContext {
        do {
            let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificateChain.utf8))
            let key = try NIOSSLPrivateKey(bytes: Array(privateKey.utf8), format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["h2", "http/1.1"]
            configuration.certificateVerification = .optionalVerification
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(clientAuthority.utf8)))
            configuration.sendCANameList = true
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .invalidTLS("\(error)")
        }
    }
}

extension Credentials {
    /// What the client certificate of a finished handshake says; nil without one.
    static func certificate(of channel: any Channel) -> Credentials? {
        guard let leaf = try? channel.pipeline.syncOperations.nioSSL_peerCertificate(),
            let der = try? leaf.toDERBytes(), let subject = SubjectName(certificate: der)
        else { return nil }
        return .certificate(commonName: subject.commonName, organizations: subject.organizations)
    }

    /// What an Authorization header says; anything but a bearer token is nothing.
    static func authorization(_ header: String?) -> Credentials {
        guard let header else { return .none }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return .none }
        let token = parts[1].drop { $0 == " " }
        return token.isEmpty ? .none : .bearer(String(token))
    }
}

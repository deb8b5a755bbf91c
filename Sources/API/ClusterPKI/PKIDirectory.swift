internal import FoundationEssentials
internal import Glibc

/// The cluster's keys and certificates on disk: made once, read again at every start, readable by their owner only.
package struct PKIDirectory: Sendable {
    /// The directory.
    package let path: String

    /// Keys below `path`, which is made when it is missing.
    package init(path: String) throws(PKIError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw PKIError("\(path) cannot be made: \(error)")
        }
        chmod(path, 0o700)
    }

    /// The cluster's authority; made at the first call.
    package func authority(now: Int64) throws(PKIError) -> CertificateAuthority {
        if let pair = read("ca") { return try CertificateAuthority(pair) }
        let authority = try CertificateAuthority(name: "ordinal-ca", now: now)
        try write(authority.pair, "ca")
        return authority
    }

    /// The pair stored as `name`, when it is still good for the names and addresses; else a new one from `issue`.
    package func pair(
        _ name: String, of authority: CertificateAuthority, dnsNames: [String] = [], addresses: [[UInt8]] = [],
        now: Int64, issue: () throws(PKIError) -> KeyPair
    ) throws(PKIError) -> KeyPair {
        if let known = read(name),
            authority.isCurrent(known, dnsNames: dnsNames, addresses: addresses, now: now)
        {
            return known
        }
        let made = try issue()
        try write(made, name)
        return made
    }

    /// The key stored as `name`; made by `make` at the first call.
    package func key(_ name: String, make: () -> String) throws(PKIError) -> String {
        if let known = text("\(name).key") { return known }
        let made = make()
        try write(made, to: "\(name).key")
        return made
    }

    private func read(_ name: String) -> KeyPair? {
        guard let certificate = text("\(name).crt"), let key = text("\(name).key") else { return nil }
        return KeyPair(certificate: certificate, key: key)
    }

    private func text(_ file: String) -> String? { try? String(contentsOfFile: "\(path)/\(file)", encoding: .utf8) }

    private func write(_ pair: KeyPair, _ name: String) throws(PKIError) {
        // The key first: a certificate on disk means that both are.
        try write(pair.key, to: "\(name).key")
        try write(pair.certificate, to: "\(name).crt")
    }

    private func write(_ text: String, to file: String) throws(PKIError) {
        let target = "\(path)/\(file)"
        let descriptor = open("\(target).new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PKIError("\(target) cannot be written") }
        let bytes = Array(text.utf8)
        let written = Glibc.write(descriptor, bytes, bytes.count)
        let synced = fsync(descriptor)
        close(descriptor)
        guard written == bytes.count, synced == 0, rename("\(target).new", target) == 0 else {
            throw PKIError("\(target) cannot be written")
        }
    }
}

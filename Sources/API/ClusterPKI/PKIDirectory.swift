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

    /// The cluster's authority; made at the first call. Everything in the cluster trusts it: while anything of it is
    /// there it is not replaced. A key without a certificate, which a crash at the first start leaves, is used; a
    /// certificate without its key, or a file that cannot be read, is an error.
    package func authority(now: Int64) throws(PKIError) -> CertificateAuthority {
        let (certificate, key) = (try text("ca.crt"), try text("ca.key"))
        if let certificate {
            guard let key else { throw PKIError("\(path)/ca.key is missing beside \(path)/ca.crt") }
            return try CertificateAuthority(KeyPair(certificate: certificate, key: key))
        }
        let authority = try CertificateAuthority(name: "ordinal-ca", key: key, now: now)
        try write(authority.pair, "ca")
        return authority
    }

    /// The pair stored as `name`, when it is still good for the names and addresses; else a new one from `issue`.
    package func pair(
        _ name: String, of authority: CertificateAuthority, dnsNames: [String] = [], addresses: [[UInt8]] = [],
        now: Int64, issue: () throws(PKIError) -> KeyPair
    ) throws(PKIError) -> KeyPair {
        if let known = try read(name),
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
        if let known = try text("\(name).key") { return known }
        let made = make()
        try write(made, to: "\(name).key")
        return made
    }

    private func read(_ name: String) throws(PKIError) -> KeyPair? {
        guard let certificate = try text("\(name).crt"), let key = try text("\(name).key") else { return nil }
        return KeyPair(certificate: certificate, key: key)
    }

    /// The text of a file; nil only when there is no such file.
    private func text(_ file: String) throws(PKIError) -> String? {
        let target = "\(path)/\(file)"
        let descriptor = open(target, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw unreadable(target) }
            return nil
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            guard count >= 0 else { throw unreadable(target) }
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw PKIError("\(target) is not UTF-8") }
        return text
    }

    private func unreadable(_ target: String) -> PKIError {
        PKIError("\(target) cannot be read: \(String(cString: strerror(errno)))")
    }

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
        guard written == bytes.count, synced == 0, rename("\(target).new", target) == 0, syncDirectory() else {
            throw PKIError("\(target) cannot be written")
        }
    }

    /// A name is on disk only when its directory is.
    private func syncDirectory() -> Bool {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }
}

/// The subject of an X.509 certificate: what Kubernetes reads user and groups from.
///
/// The reader follows only the few steps of DER to the subject (RFC 5280 4.1); the TLS library has verified the
/// certificate before. Malformed input gives nil.
struct SubjectName: Equatable {
    private(set) var commonName = ""
    private(set) var organizations: [String] = []

    private static let commonNameID: [UInt8] = [0x55, 0x04, 0x03]
    private static let organizationID: [UInt8] = [0x55, 0x04, 0x0A]

    init?(certificate der: [UInt8]) {
        var file = DERReader(der[...])
        guard var certificate = file.open(0x30), var body = certificate.open(0x30) else { return nil }
        if body.nextTag == 0xA0 { body.skip() }
        for _ in ["serial number", "signature algorithm", "issuer", "validity"] { body.skip() }
        guard var subject = body.open(0x30) else { return nil }
        while var set = subject.open(0x31) {
            while var attribute = set.open(0x30) {
                guard let type = attribute.open(0x06), let value = attribute.next() else { return nil }
                let text = String(decoding: value.bytes, as: UTF8.self)
                if Array(type.bytes) == Self.commonNameID { commonName = text }
                if Array(type.bytes) == Self.organizationID { organizations.append(text) }
            }
        }
    }
}

/// A walk over DER elements.
private struct DERReader {
    private(set) var bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    var nextTag: UInt8? { bytes.first }

    /// The content of the next element if it has `tag`.
    mutating func open(_ tag: UInt8) -> DERReader? { nextTag == tag ? next() : nil }

    mutating func skip() { _ = next() }

    /// The content of the next element.
    mutating func next() -> DERReader? {
        guard bytes.count >= 2 else { return nil }
        var rest = bytes.dropFirst()
        let first = rest.removeFirst()
        var length = Int(first)
        if first & 0x80 != 0 {
            let count = Int(first & 0x7F)
            guard (1...3).contains(count), rest.count >= count else { return nil }
            length = rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(count)
        }
        guard rest.count >= length else { return nil }
        bytes = rest.dropFirst(length)
        return DERReader(rest.prefix(length))
    }
}

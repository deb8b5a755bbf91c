internal import ObjectModel
internal import ObjectStorage

/// Where a page ended: opaque text for clients.
struct ContinueToken: Sendable, Hashable {
    /// The state of all pages; nil for an inconsistent rest, read from the newest state.
    let revision: Revision?
    /// The last key of the former page.
    let after: StoreKey

    /// A token.
    init(revision: Revision?, after: StoreKey) {
        self.revision = revision
        self.after = after
    }

    /// Reads a token; 400 when it is none.
    init(text: String) throws(APIStatus) {
        guard let bytes = Self.bytes(ofHex: text), let value = try? JSON.parse(bytes),
            value["v"]?.string == "ordinal/v1", let number = value["rv"]?.int, let after = value["after"]?.string
        else { throw .badRequest("continue key is not valid: it was not made by this server") }
        revision = number > 0 ? Revision(Int64(number)) : nil
        self.after = StoreKey(path: after)
    }

    /// The token as text.
    var text: String {
        let value: Value = [
            "v": "ordinal/v1", "rv": .integer(revision?.value ?? -1), "after": .string(after.path),
        ]
        return JSON.write(value).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func bytes(ofHex text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for position in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[position...position + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }
}

internal import ObjectModel

/// Hashes of JSON that become part of names.
enum ContentHash {
    /// FNV-1 (32 bits) of the data and the collision count, in letters that spell no words. Upstream's for revisions.
    static func hash(_ data: Value, collisionCount: Int) -> String {
        var hash: UInt32 = 2_166_136_261
        for byte in canonicalJSON(data) + Array(String(collisionCount).utf8) {
            hash = (hash &* 16_777_619) ^ UInt32(byte)
        }
        let letters = Array("bcdfghjklmnpqrstvwxz2456789")
        return String(String(hash).utf8.map { letters[Int($0) % letters.count] })
    }

    /// JSON as Go writes a map: sorted keys, and `<`, `>`, `&` escaped.
    static func canonicalJSON(_ value: Value) -> [UInt8] {
        JSON.write(sorted(value)).flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "<"): Array("\\u003c".utf8)
            case UInt8(ascii: ">"): Array("\\u003e".utf8)
            case UInt8(ascii: "&"): Array("\\u0026".utf8)
            default: [byte]
            }
        }
    }

    private static func sorted(_ value: Value) -> Value {
        switch value {
        case .object(let fields):
            .object(Fields(fields.sorted { $0.key < $1.key }.map { ($0.key, sorted($0.value)) }))
        case .array(let items): .array(items.map(sorted))
        default: value
        }
    }
}

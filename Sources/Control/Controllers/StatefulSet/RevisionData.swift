package import ObjectModel

/// What a ControllerRevision remembers of a set, in upstream's shape, and the name made from it.
package enum RevisionData {
    /// The data: a patch that puts the template back.
    package static func data(template: Value) -> Value {
        var template = template
        template["$patch"] = "replace"
        return ["spec": ["template": template]]
    }

    /// The template that the data puts back.
    package static func template(of data: Value) -> Value {
        var template = data["spec", "template"] ?? .emptyObject
        template["$patch"] = nil
        return template
    }

    /// Upstream's hash: FNV-1 (32 bits) of the data and the collision count, in letters that spell no words.
    package static func hash(_ data: Value, collisionCount: Int) -> String {
        var hash: UInt32 = 2_166_136_261
        for byte in canonicalJSON(data) + Array(String(collisionCount).utf8) {
            hash = (hash &* 16_777_619) ^ UInt32(byte)
        }
        let letters = Array("bcdfghjklmnpqrstvwxz2456789")
        return String(String(hash).utf8.map { letters[Int($0) % letters.count] })
    }

    /// The name of a revision of the set `parent`.
    package static func name(parent: String, hash: String) -> String {
        "\(String(decoding: parent.utf8.prefix(223), as: UTF8.self))-\(hash)"
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

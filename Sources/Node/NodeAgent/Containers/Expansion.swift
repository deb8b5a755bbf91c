/// Kubernetes' `$(NAME)` in commands, arguments and environment values: `$$` stands for one `$`, and what names no
/// variable stays as it is (upstream's `third_party/forked/golang/expansion`).
enum Expansion {
    static func expand(_ text: String, with variables: [String: String]) -> String {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
        var output: [UInt8] = []
        let bytes = Array(text.utf8)
        var position = 0
        while position < bytes.count {
            guard bytes[position] == UInt8(ascii: "$"), position + 1 < bytes.count else {
                output.append(bytes[position])
                position += 1
                continue
            }
            switch bytes[position + 1] {
            case UInt8(ascii: "$"):
                output.append(UInt8(ascii: "$"))
                position += 2
            case UInt8(ascii: "("):
                guard let end = bytes[(position + 2)...].firstIndex(of: UInt8(ascii: ")")) else {
                    output.append(contentsOf: bytes[position...])
                    return String(decoding: output, as: UTF8.self)
                }
                let name = String(decoding: bytes[(position + 2)..<end], as: UTF8.self)
                output.append(contentsOf: (variables[name] ?? "$(\(name))").utf8)
                position = end + 1
            default:
                output.append(bytes[position])
                position += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}

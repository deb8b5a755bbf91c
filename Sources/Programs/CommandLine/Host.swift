internal import Glibc

/// This machine.
enum Host {
    /// Its host name in the form Kubernetes allows for nodes: lower case, without what is not allowed.
    static var name: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "ordinal" }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        let allowed = text.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }
        let trimmed = allowed.drop { $0 == "-" || $0 == "." }
        return trimmed.isEmpty ? "ordinal" : String(trimmed)
    }
}

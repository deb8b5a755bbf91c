/// A tar archive (POSIX ustar) in memory, with nothing in it that differs from one run to the next.
struct TarArchive: Sendable {
    private var blocks: [UInt8] = []

    /// Adds a file; its name has at most 100 bytes.
    mutating func add(_ name: String, _ content: [UInt8], mode: Int = 0o644) {
        blocks += Self.header(name, size: content.count, mode: mode) + content
        blocks += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    /// The finished archive.
    var bytes: [UInt8] { blocks + [UInt8](repeating: 0, count: 1024) }

    private static func header(_ name: String, size: Int, mode: Int) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        put(name, at: 0)
        put(octal(mode, width: 7), at: 100)
        put(octal(0, width: 7), at: 108)
        put(octal(0, width: 7), at: 116)
        put(octal(size, width: 11), at: 124)
        put(octal(0, width: 11), at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        put(octal(header.reduce(0) { $0 + Int($1) }, width: 6), at: 148)
        header[154] = 0
        return header
    }

    private static func octal(_ number: Int, width: Int) -> String {
        let digits = String(number, radix: 8)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

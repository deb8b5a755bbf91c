internal import APIProtocol
internal import Synchronization

/// The advice collected while one request is served. At most 4 KiB of text is kept, as upstream; the rest is dropped.
final class WarningLog: Sendable {
    private static let maximumLength = 4096
    private let texts = Mutex<[String]>([])

    /// Adds a text that is not there yet.
    func add(_ text: String) {
        texts.withLock { texts in
            let length = texts.reduce(text.utf8.count) { $0 + $1.utf8.count }
            guard !texts.contains(text), length <= Self.maximumLength else { return }
            texts.append(text)
        }
    }

    /// Writes the `Warning` headers.
    func write(to headers: inout HTTPFields) {
        for text in texts.withLock({ $0 }) { headers.append("Warning", "299 - \"\(escaped(text))\"") }
    }

    private func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { result.unicodeScalars.append("\\") }
            result.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar)
        }
        return result
    }
}

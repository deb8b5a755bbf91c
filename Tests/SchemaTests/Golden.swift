import Foundation
import ObjectModel
import Testing

/// Compares text with a file in Tests/Golden; with ORDINAL_GOLDEN=write in the environment it writes the file instead
/// (`make golden`).
enum Golden {
    static func compare(_ value: Value, with name: String, file: String = #filePath) throws {
        let object = try JSONSerialization.jsonObject(with: Data(JSON.write(value)))
        let data = try JSONSerialization.data(
            withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        let text = String(decoding: data, as: UTF8.self) + "\n"
        let path = URL(filePath: file).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Golden/\(name)")
        if ProcessInfo.processInfo.environment["ORDINAL_GOLDEN"] == "write" {
            try text.write(to: path, atomically: true, encoding: .utf8)
            return
        }
        let expected = try String(contentsOf: path, encoding: .utf8)
        #expect(text == expected, "\(name) differs; `make golden` writes it anew")
    }
}

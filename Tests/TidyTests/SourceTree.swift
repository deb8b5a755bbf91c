import Foundation

/// The project's files, as the tidy tests see them.
struct SourceTree {
    struct File {
        let path: String
        let lines: [String]
        var target: String { path.split(separator: "/").dropFirst(2).first.map(String.init) ?? "" }
        var isGenerated: Bool { path.contains("/Generated/") }
        /// The lines without comments and with strings kept, numbered from 1.
        var code: [(number: Int, text: String)] {
            lines.enumerated().compactMap { offset, line in
                let text = line.trimmingCharacters(in: .whitespaces)
                guard !text.hasPrefix("//") else { return nil }
                let cut = line.range(of: " // ").map { String(line[..<$0.lowerBound]) } ?? line
                return (offset + 1, cut)
            }
        }
    }

    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let sources = files(below: "Sources")
    static let tests = files(below: "Tests")

    static func text(_ path: String) -> String {
        (try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)) ?? ""
    }

    private static func files(below folder: String) -> [File] {
        let base = root.appendingPathComponent(folder)
        let names = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
            File(path: "\(folder)/\(name)", lines: text("\(folder)/\(name)").components(separatedBy: "\n"))
        }
    }

    /// The targets in the order of Package.swift: a target may import only those before it.
    static let layers: [String] = {
        let pattern = try? NSRegularExpression(
            pattern: #"(?:layer\(\s*"[A-Za-z]+",\s*|[tT]arget\(\s*name:\s*)"([A-Za-z-]+)""#)
        let manifest = text("Package.swift")
        let matches = pattern?.matches(in: manifest, range: NSRange(manifest.startIndex..., in: manifest)) ?? []
        return matches.compactMap { Range($0.range(at: 1), in: manifest).map { String(manifest[$0]) } }
            .filter { !$0.hasSuffix("Tests") }
    }()
}

/// One place that breaks a rule.
struct Finding: CustomStringConvertible {
    let file: String
    let line: Int
    let what: String
    var description: String { "\(file):\(line): \(what)" }
}

func report(_ findings: [Finding]) -> String { findings.map(\.description).joined(separator: "\n") }

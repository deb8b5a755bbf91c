import Foundation

/// Which declarations need a sentence, and whether they have one.
enum Declarations {
    nonisolated(unsafe) private static let pattern =
        #/^\s*package\s+((static|final|class|nonisolated|mutating|indirect|private\(set\)|internal\(set\)|override|convenience|consuming|borrowing)\s+)*(func|struct|enum|class|protocol|var|let|init|actor|typealias|subscript|associatedtype)\b/#

    /// Witnesses of the standard library's protocols say nothing new.
    nonisolated(unsafe) private static let witnesses =
        #/(var description|var debugDescription|var hashValue|func hash\(into|static func (==|<)|init\((stringLiteral|integerLiteral|booleanLiteral|arrayLiteral|dictionaryLiteral|nilLiteral|floatLiteral|from|argument)|startIndex|endIndex|func makeAsyncIterator|func next\(\)|func index\(after|subscript\(position|var errorDescription|static let configuration|typealias)/#

    /// What our own protocols require: their witnesses carry the documentation of the requirement.
    private static let requirements: Set<String> = {
        var names: Set<String> = []
        for file in SourceTree.sources {
            var isInProtocol = false
            for line in file.lines {
                if line.hasPrefix("package protocol ") || line.hasPrefix("protocol ") { isInProtocol = true }
                if line == "}" { isInProtocol = false }
                if isInProtocol, let name = name(of: line) { names.insert(name) }
            }
        }
        return names
    }()

    private static func name(of line: String) -> String? {
        let words = line.split(whereSeparator: { " (:<{".contains($0) })
        guard let keyword = words.firstIndex(where: { $0 == "func" || $0 == "var" || $0 == "let" }),
            keyword + 1 < words.count
        else { return nil }
        return String(words[keyword + 1])
    }

    static func needsDocumentation(_ line: String) -> Bool {
        line.firstMatch(of: pattern) != nil && line.firstMatch(of: witnesses) == nil
            && !(name(of: line).map(requirements.contains) ?? false)
    }

    static func isDocumented(_ lines: [String], at offset: Int) -> Bool {
        var position = offset - 1
        while position >= 0 {
            let text = lines[position].trimmingCharacters(in: .whitespaces)
            if text.hasPrefix("@") || text.hasPrefix("#if") || text.hasPrefix(")") {
                position -= 1
                continue
            }
            return text.hasPrefix("///") || text.hasPrefix("// swift-format")
        }
        return false
    }
}

/// The lengths of functions, by their indentation: a body ends at the first `}` as far left as its `func`.
enum Functions {
    nonisolated(unsafe) private static let start =
        #/^(\s*)(?:[a-z()@A-Z]+\s+)*(?:func |init\(|init\?\(|init<|subscript)/#

    static func longerThan(_ limit: Int, in file: SourceTree.File) -> [Finding] {
        var findings: [Finding] = []
        for (offset, line) in file.lines.enumerated() {
            guard let match = line.firstMatch(of: start), !line.hasSuffix("}"),
                !line.trimmingCharacters(in: .whitespaces).hasPrefix("//")
            else { continue }
            let closing = String(match.output.1) + "}"
            guard let opening = file.lines[offset...].prefix(14).firstIndex(where: { $0.hasSuffix("{") }),
                let end = file.lines[opening...].firstIndex(of: closing)
            else { continue }
            if end - offset + 1 > limit {
                findings.append(
                    Finding(file: file.path, line: offset + 1, what: "a function of \(end - offset + 1) lines"))
            }
        }
        return findings
    }
}

/// A domain name: its labels, without the root. Compares without case and keeps the case it was written in.
package struct DNSName: Sendable, Hashable, CustomStringConvertible {
    /// The labels, the most specific first.
    package let labels: [String]
    private let folded: [String]

    /// A name of these labels.
    package init(labels: [String]) {
        self.labels = labels
        folded = labels.map { $0.lowercased() }
    }

    /// A name from dotted text, with or without the final dot.
    package init(_ text: String) {
        self.init(labels: text.split(separator: ".").map(String.init))
    }

    /// The labels in lower case.
    package var key: [String] { folded }

    /// The labels below `zone`, in lower case; nil when the name lies outside it.
    package func labels(below zone: DNSName) -> [String]? {
        guard folded.count >= zone.folded.count, folded.suffix(zone.folded.count).elementsEqual(zone.folded) else {
            return nil
        }
        return Array(folded.dropLast(zone.folded.count))
    }

    package static func == (left: DNSName, right: DNSName) -> Bool { left.folded == right.folded }
    package func hash(into hasher: inout Hasher) { hasher.combine(folded) }
    package var description: String { labels.joined(separator: ".") + "." }
}

/// The types of Prometheus' text format that are used.
enum MetricType: String, Sendable {
    case counter, gauge, histogram
}

/// The labels of one series, in the order of their names.
struct MetricLabels: Sendable, Hashable, Comparable {
    private let pairs: [Pair]

    private struct Pair: Sendable, Hashable {
        var name: String
        var value: String
    }

    init(_ dimensions: [(String, String)]) {
        pairs = dimensions.map { Pair(name: $0.0, value: $0.1) }.sorted { $0.name < $1.name }
    }

    static func < (left: Self, right: Self) -> Bool {
        for (mine, other) in zip(left.pairs, right.pairs) where mine != other {
            return mine.name == other.name ? mine.value < other.value : mine.name < other.name
        }
        return left.pairs.count < right.pairs.count
    }

    /// In braces, with a bucket's bound behind them; nothing when there is none.
    func text(bound: Double?) -> String {
        var items = pairs.map { "\($0.name)=\"\(ExpositionText.escaped($0.value, quotes: true))\"" }
        if let bound { items.append("le=\"\(ExpositionText.number(bound))\"") }
        return items.isEmpty ? "" : "{\(items.joined(separator: ","))}"
    }
}

/// Writes Prometheus' text format.
struct ExpositionText {
    private(set) var text = ""

    /// Begins a metric.
    mutating func begin(_ name: String, _ type: MetricType, help: String?) {
        if let help { text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n" }
        text += "# TYPE \(name) \(type.rawValue)\n"
    }

    /// Adds a line.
    mutating func add(_ sample: MetricSample, of name: String, _ labels: MetricLabels) {
        text += "\(name)\(sample.suffix)\(labels.text(bound: sample.bound)) \(Self.number(sample.value))\n"
    }

    /// A number as the format wants it: whole ones without a fraction.
    static func number(_ value: Double) -> String {
        if value == .infinity { return "+Inf" }
        if value == -.infinity { return "-Inf" }
        if value.isNaN { return "NaN" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return "\(value)"
    }

    /// Escapes what would end a line or, in labels, a value.
    static func escaped(_ text: String, quotes: Bool) -> String {
        // Not by characters: a mark that combines with a quote makes another character of it.
        guard text.unicodeScalars.contains(where: { $0 == "\\" || $0 == "\n" || $0 == "\"" }) else { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

package import ObjectModel

/// A count, or a share of a total: Kubernetes' IntOrString where it stands for an amount of pods.
package enum IntOrPercent: Sendable, Hashable {
    /// So many.
    case number(Int)
    /// So many of a hundred.
    case percent(Int)

    /// Reads `3` or `"25%"`; nil for anything else. A share that no number holds counts as the largest.
    package init?(_ value: Value?) {
        if let number = value?.int {
            self = .number(number)
            return
        }
        guard let text = value?.string, text.last == "%", let digits = Self.digits(text.dropLast()) else { return nil }
        self = .percent(digits)
    }

    private static func digits(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return min(Int(text) ?? Int.max, Int(Int32.max))
    }

    /// The number itself, of a count or of a share: what is compared with limits.
    package var amount: Int {
        switch self {
        case .number(let number), .percent(let number): number
        }
    }

    /// The count that it means of `total`; a broken share is rounded up or down.
    package func scaled(to total: Int, roundsUp: Bool) -> Int {
        switch self {
        case .number(let number): return number
        case .percent(let percent):
            let hundredths = percent.multipliedSaturating(by: total)
            return roundsUp ? hundredths.addingSaturating(99) / 100 : hundredths / 100
        }
    }
}

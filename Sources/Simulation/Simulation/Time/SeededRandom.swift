internal import ObjectModel
internal import Synchronization

/// Numbers drawn from a seed: the same seed gives the same numbers on every machine (SplitMix64).
package final class SeededRandom: Sendable {
    private let state: Mutex<UInt64>

    /// A source of numbers.
    package init(seed: UInt64) { state = Mutex(seed) }

    /// A source of its own for a part named `label`, so that what one part draws does not shift what another does.
    package func fork(_ label: String) -> SeededRandom {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in label.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return SeededRandom(seed: state.withLock { $0 } ^ hash)
    }

    /// The next 64 bits.
    package func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    /// A number in 0..<1.
    package func unit() -> Double { Double(next() >> 11) / Double(1 << 53) }
    /// True with this probability.
    package func chance(_ probability: Double) -> Bool { unit() < probability }
    /// A number in the range.
    package func number(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }
    /// One of the items, which are not empty.
    package func pick<Item>(_ items: [Item]) -> Item { items[number(in: 0...items.count - 1)] }
    /// A duration up to `longest`, short ones more often.
    package func duration(upTo longest: Duration) -> Duration {
        let part = unit()
        return .nanoseconds(Int64(longest.inSeconds * part * part * 1e9))
    }
    /// A version 4 UUID.
    package func uuid() -> String {
        let high = next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let digits = [high, low].map { number in
            let text = String(number, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
        var parts: [Substring] = []
        var rest = digits[...]
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts.joined(separator: "-")
    }
}

/// An amount of a resource in Kubernetes' notation: `500m`, `1Gi`, `0.5`, `1e3`.
///
/// Held as an integer count of nano units when it fits in 64 bits of whole units, which covers every amount that
/// schedulers and volumes meet (up to 9.2e9 whole units with fractions; larger ones are kept in whole units).
package struct Quantity: Sendable, Hashable, Comparable {
    /// The notation it was written in, which its canonical form keeps.
    package enum Format: Sendable, Hashable { case decimal, binary, exponent }

    private let whole: Int64
    private let nano: Int64  // 0..<1e9, adds to `whole`
    private let format: Format

    private static let nanoPerUnit: Int64 = 1_000_000_000

    private init(whole: Int64, nano: Int64, format: Format) {
        self.whole = whole
        self.nano = nano
        self.format = format
    }

    /// A count of whole units.
    package init(_ whole: Int64, format: Format = .decimal) { self.init(whole: whole, nano: 0, format: format) }

    /// A count of thousandths.
    package init(milli: Int64) {
        let rest = milli % 1000
        let whole = rest < 0 ? milli / 1000 - 1 : milli / 1000
        self.init(whole: whole, nano: (rest < 0 ? rest + 1000 : rest) * 1_000_000, format: .decimal)
    }

    /// Reads a quantity; nil when it is none. Fractions below a billionth are rounded up, sizes are cut at 2^63-1.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        var position = 0
        var negative = false
        if let first = bytes.first, first == 43 || first == 45 {
            negative = first == 45
            position = 1
        }
        var digits: [UInt8] = []
        var fractionDigits = 0
        var sawPoint = false
        while position < bytes.count {
            let byte = bytes[position]
            if (48...57).contains(byte) {
                digits.append(byte - 48)
                if sawPoint { fractionDigits += 1 }
            } else if byte == 46, !sawPoint {
                sawPoint = true
            } else {
                break
            }
            position += 1
        }
        guard !digits.isEmpty, digits.count <= 40 else { return nil }
        guard let scale = Scale(suffix: String(decoding: bytes[position...], as: UTF8.self)) else { return nil }
        guard let (whole, nano) = Self.scaled(digits, fractionDigits: fractionDigits, scale: scale) else { return nil }
        if negative {
            self.init(
                whole: nano == 0 ? -whole : -whole - 1, nano: nano == 0 ? 0 : Self.nanoPerUnit - nano,
                format: scale.format)
        } else {
            self.init(whole: whole, nano: nano, format: scale.format)
        }
    }

    /// Reads a quantity as JSON has it: a string, or a bare number.
    package init?(_ value: Value?) {
        switch value {
        case .string(let text): self.init(text)
        case .integer(let number): self.init(number)
        case .number(let number): self.init(String(number))
        default: return nil
        }
    }

    private struct Scale {
        let format: Format
        let power: Int  // of ten, or of 1024

        init?(suffix: String) {
            if let power = ["n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18][suffix]
            {
                format = .decimal
                self.power = power
            } else if let power = ["Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6][suffix] {
                format = .binary
                self.power = power
            } else if suffix.hasPrefix("e") || suffix.hasPrefix("E"), let power = Int(suffix.dropFirst()),
                (-18...18).contains(power)
            {
                format = .exponent
                self.power = power
            } else {
                return nil
            }
        }
    }

    private static func scaled(_ digits: [UInt8], fractionDigits: Int, scale: Scale) -> (Int64, Int64)? {
        // Count in nano units with 128 bits, then divide: exact for every notation.
        var mantissa = UInt128(0)
        for digit in digits {
            let (product, overflow) = mantissa.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt128(digit))
            guard !overflow, !carry else { return (Int64.max, 0) }
            mantissa = sum
        }
        var tens = 9 - fractionDigits
        if scale.format == .binary {
            for _ in 0..<scale.power {
                let (product, overflow) = mantissa.multipliedReportingOverflow(by: 1024)
                guard !overflow else { return (Int64.max, 0) }
                mantissa = product
            }
        } else {
            tens += scale.power
        }
        while tens > 0 {
            let (product, overflow) = mantissa.multipliedReportingOverflow(by: 10)
            guard !overflow else { return (Int64.max, 0) }
            mantissa = product
            tens -= 1
        }
        var roundUp = false
        while tens < 0 {
            roundUp = roundUp || mantissa % 10 != 0
            mantissa /= 10
            tens += 1
        }
        if roundUp { mantissa += 1 }
        let whole = mantissa / UInt128(nanoPerUnit)
        guard whole < UInt128(Int64.max) else { return (Int64.max, 0) }
        return (Int64(whole), Int64(mantissa % UInt128(nanoPerUnit)))
    }

    /// Whole units, rounded up; cut at the limits of 64 bits.
    package var roundedUp: Int64 { nano > 0 ? whole.addingSaturating(1) : whole }
    /// Thousandths, rounded up; cut at the limits of 64 bits.
    package var milli: Int64 {
        Int64(clamping: Int128(whole) * 1000 + Int128((nano + 999_999) / 1_000_000))
    }
    /// Whether it is zero.
    package var isZero: Bool { whole == 0 && nano == 0 }
    /// Whether it is below zero.
    package var isNegative: Bool { whole < 0 }

    package static func == (left: Quantity, right: Quantity) -> Bool {
        left.whole == right.whole && left.nano == right.nano
    }
    package func hash(into hasher: inout Hasher) {
        hasher.combine(whole)
        hasher.combine(nano)
    }
    package static func < (left: Quantity, right: Quantity) -> Bool {
        (left.whole, left.nano) < (right.whole, right.nano)
    }
    /// The sum, in the notation of the left; cut at the limits of 64 bits.
    package static func + (left: Quantity, right: Quantity) -> Quantity {
        let nano = left.nano + right.nano
        let total = Int128(left.whole) + Int128(right.whole) + Int128(nano / nanoPerUnit)
        let whole = Int64(clamping: total)
        return Quantity(whole: whole, nano: Int128(whole) == total ? nano % nanoPerUnit : 0, format: left.format)
    }

    /// The canonical text: the largest unit that keeps the number whole, no fraction (`1024Mi` → `1Gi`, `0.5` → `500m`).
    package var text: String {
        if isZero { return "0" }
        if format == .binary, nano == 0, whole.magnitude >= 1024 {
            var amount = whole
            var step = 0
            let units = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
            while step < 6, amount % 1024 == 0 {
                amount /= 1024
                step += 1
            }
            return "\(amount)\(units[step])"
        }
        return decimalText
    }

    private var decimalText: String {
        if nano == 0 {
            var amount = whole
            var step = 0
            let units =
                format == .exponent ? ["", "e3", "e6", "e9", "e12", "e15", "e18"] : ["", "k", "M", "G", "T", "P", "E"]
            while step < 6, amount % 1000 == 0 {
                amount /= 1000
                step += 1
            }
            return "\(amount)\(units[step])"
        }
        let total = Int128(whole) * Int128(Self.nanoPerUnit) + Int128(nano)
        let units: [(Int128, String, String)] = [
            (1_000_000, "m", "e-3"), (1000, "u", "e-6"), (1, "n", "e-9"),
        ]
        for (size, decimal, exponent) in units where total % size == 0 {
            return "\(total / size)\(format == .exponent ? exponent : decimal)"
        }
        return "\(total)n"
    }
}

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A point in time as objects carry it: the years 0000 to 9999 to the nanosecond, which is all that RFC 3339 can write.
///
/// metav1.Time has whole seconds (`2006-01-02T15:04:05Z`), MicroTime six digits of fraction. Whatever would lie outside
/// of those years is cut to the first or the last second of them: times come from requests, and no number may trap.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    package let seconds: Int64
    private let subsecond: Int64  // nanoseconds, 0..<1e9

    private static let perSecond: Int64 = 1_000_000_000
    private static let range: ClosedRange<Int64> = -62_167_219_200...253_402_300_799

    private init(seconds: Int64, subsecond: Int64) {
        let cut = min(max(seconds, Self.range.lowerBound), Self.range.upperBound)
        self.seconds = cut
        self.subsecond = cut == seconds ? subsecond : 0
    }

    /// The point `nanoseconds` after 1970.
    package init(nanoseconds: Int64) {
        let rest = nanoseconds % Self.perSecond
        let whole = nanoseconds / Self.perSecond
        self.init(seconds: rest < 0 ? whole - 1 : whole, subsecond: rest < 0 ? rest + Self.perSecond : rest)
    }

    /// The point `seconds` after 1970.
    package init(seconds: Int64) { self.init(seconds: seconds, subsecond: 0) }

    /// The system's clock. Only programs and adapters read it; everything else is handed `now`.
    package static func systemNow() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), subsecond: Int64(time.tv_nsec))
    }

    /// Reads RFC 3339 as Go does, with any fraction and offset: capital letters, days that exist, no leap seconds. Nil when
    /// it is none.
    package init?(_ text: String) {
        var reader = RFC3339Reader(Array(text.utf8))
        guard let (seconds, fraction) = reader.read() else { return nil }
        self.init(seconds: seconds, subsecond: fraction)
    }

    /// Nanoseconds since 1970; cut at the limits of 64 bits, which are in the years 1677 and 2262.
    package var nanoseconds: Int64 { (self - Timestamp(seconds: 0)).nanoseconds }

    /// metav1.Time: `2006-01-02T15:04:05Z`, cut to the second.
    package var text: String { civil + "Z" }

    /// metav1.MicroTime: `2006-01-02T15:04:05.000000Z`.
    package var microText: String { "\(civil).\(padded(Int(subsecond) / 1000, 6))Z" }

    /// RFC 3339 with nine digits, as container logs carry it.
    package var nanoText: String { "\(civil).\(padded(Int(subsecond), 9))Z" }

    private var civil: String {
        let days = (seconds - ((seconds % 86400) + 86400) % 86400) / 86400
        let time = Int(seconds - days * 86400)
        let (year, month, day) = CivilDate.date(ofDay: Int(days))
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
            + "T\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2))"
    }

    private func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.subsecond) < (right.seconds, right.subsecond)
    }
    /// The point `duration` later, cut to the years 0000 to 9999.
    package static func + (time: Timestamp, duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        var whole = time.seconds.addingSaturating(seconds)
        var fraction = time.subsecond + attoseconds / perSecond
        if fraction < 0 {
            (whole, fraction) = (whole.subtractingSaturating(1), fraction + perSecond)
        } else if fraction >= perSecond {
            (whole, fraction) = (whole.addingSaturating(1), fraction - perSecond)
        }
        return Timestamp(seconds: whole, subsecond: fraction)
    }
    /// The time from `right` to `left`.
    package static func - (left: Timestamp, right: Timestamp) -> Duration {
        .seconds(left.seconds - right.seconds) + .nanoseconds(left.subsecond - right.subsecond)
    }
}

extension Duration {
    /// The whole duration in nanoseconds; cut at the limits of 64 bits, which are 292 years.
    package var nanoseconds: Int64 {
        components.seconds.multipliedSaturating(by: 1_000_000_000)
            .addingSaturating(components.attoseconds / 1_000_000_000)
    }
    /// So many seconds out of a request or an object, from none up to a century: system calls, clocks and other
    /// programs count such waits in nanoseconds of 64 bits.
    package static func bounded(seconds: Int) -> Duration { .seconds(min(max(seconds, 0), 100 * 365 * 86400)) }

    /// The duration in seconds, with its fraction.
    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

enum CivilDate {
    /// Days since 1970 of a date of the proleptic Gregorian calendar.
    static func day(year: Int, month: Int, day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func date(ofDay days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    }
}

private struct RFC3339Reader {
    let bytes: [UInt8]
    var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func read() -> (seconds: Int64, nanoseconds: Int64)? {
        guard let year = number(4), skip("-"), let month = number(2), skip("-"), let day = number(2),
            skip("T"), let hour = number(2), skip(":"), let minute = number(2), skip(":"),
            let second = number(2), (1...12).contains(month), hour < 24, minute < 60, second < 60
        else { return nil }
        let fraction = skip(".") ? fractionNanoseconds() : 0
        guard let fraction, let offset = zoneOffset(), position == bytes.count else { return nil }
        let days = CivilDate.day(year: year, month: month, day: day)
        guard CivilDate.date(ofDay: days) == (year, month, day) else { return nil }
        let seconds = Int64(days * 86400 + hour * 3600 + minute * 60 + second - offset)
        return (seconds, Int64(fraction))
    }

    private mutating func skip(_ text: Character) -> Bool {
        guard position < bytes.count, bytes[position] == text.asciiValue else { return false }
        position += 1
        return true
    }

    private mutating func digit() -> Int? {
        guard position < bytes.count, (48...57).contains(bytes[position]) else { return nil }
        defer { position += 1 }
        return Int(bytes[position]) - 48
    }

    private mutating func number(_ width: Int) -> Int? {
        var result = 0
        for _ in 0..<width {
            guard let digit = digit() else { return nil }
            result = result * 10 + digit
        }
        return result
    }

    private mutating func fractionNanoseconds() -> Int? {
        var result = 0
        var count = 0
        while let digit = digit() {
            if count < 9 { result = result * 10 + digit }
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 9)..<9 { result *= 10 }
        return result
    }

    private mutating func zoneOffset() -> Int? {
        if skip("Z") { return 0 }
        let negative = position < bytes.count && bytes[position] == 45
        guard skip("+") || skip("-"), let hours = number(2), skip(":"), let minutes = number(2),
            hours <= 24, minutes < 60
        else { return nil }
        return (hours * 3600 + minutes * 60) * (negative ? -1 : 1)
    }
}

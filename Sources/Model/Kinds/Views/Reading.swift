internal import ObjectModel

/// Total reads: what is absent or of another type reads as its default.
extension Value {
    func text(_ key: String) -> String { self[key]?.string ?? "" }
    func items(_ key: String) -> [Value] { self[key]?.array ?? [] }
    func texts(_ key: String) -> [String] { items(key).compactMap(\.string) }
    func flag(_ key: String) -> Bool { self[key]?.bool ?? false }
    func number(_ key: String) -> Int? { self[key]?.int }
    func map(_ key: String) -> [String: String] { self[key]?.stringMap ?? [:] }
    func child(_ key: String) -> Value { self[key] ?? .null }
    func time(_ key: String) -> Timestamp? { self[key]?.string.flatMap { Timestamp($0) } }

    /// Sets a count; zero is left out, as Go's `omitempty` leaves it out.
    mutating func setCount(_ key: String, _ count: Int) {
        self[key] = count == 0 ? Value?.none : .integer(Int64(count))
    }

    /// An object that may be absent; null counts as absent.
    func object(_ key: String) -> Value? {
        // Not with `?:`, where nil would be the value null.
        guard let value = self[key], value.fields != nil else { return nil }
        return value
    }

    /// The amounts of a resource list; what does not parse is left out.
    func quantities(_ key: String) -> [String: Quantity] {
        var amounts: [String: Quantity] = [:]
        for field in self[key]?.fields ?? Fields() { amounts[field.key] = Quantity(field.value) }
        return amounts
    }
}

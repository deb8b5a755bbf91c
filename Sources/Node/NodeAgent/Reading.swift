internal import ObjectModel

/// Total reads: what is absent or of another type reads as its default.
extension Value {
    func text(_ key: String) -> String { self[key]?.string ?? "" }
    func items(_ key: String) -> [Value] { self[key]?.array ?? [] }
    func flag(_ key: String) -> Bool { self[key]?.bool ?? false }
    func child(_ key: String) -> Value { self[key] ?? .null }
    func object(_ key: String) -> Value? {
        guard let value = self[key], value.fields != nil else { return nil }
        return value
    }
}

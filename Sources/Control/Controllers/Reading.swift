internal import ObjectModel

/// Total reads of JSON parts that views leave as they are.
extension Value {
    func text(_ key: String) -> String { self[key]?.string ?? "" }
    func items(_ key: String) -> [Value] { self[key]?.array ?? [] }
}

/// The fields of an object, in the order they were written. A key occurs once; keys are equal when their bytes are.
///
/// Look-ups are linear up to 16 fields; larger objects carry an index, so merges and duplicate checks stay linear in
/// the size of the object.
package struct Fields: Sendable {
    /// One field of an object.
    package struct Field: Sendable, Hashable {
        /// The name of the field.
        package var key: String
        /// Its value.
        package var value: Value

        package static func == (left: Field, right: Field) -> Bool {
            left.key.hasSameBytes(as: right.key) && left.value == right.value
        }

        package func hash(into hasher: inout Hasher) {
            key.hashBytes(into: &hasher)
            hasher.combine(value)
        }
    }

    private static let indexThreshold = 16
    private var storage: [Field] = []
    private var index: [ByteText: Int]?

    /// No fields.
    package init() {}

    /// The fields given; of several with one key the last wins, at the place of the first.
    package init(_ pairs: [(String, Value)]) {
        storage.reserveCapacity(pairs.count)
        for (key, value) in pairs { self[key] = value }
    }

    /// Whether there are none.
    package var isEmpty: Bool { storage.isEmpty }
    /// How many there are.
    package var count: Int { storage.count }
    /// The names, in order.
    package var keys: [String] { storage.map(\.key) }

    /// The value of a field. Setting appends a new field or replaces in place; setting nil removes.
    package subscript(_ key: String) -> Value? {
        get { position(of: key).map { storage[$0].value } }
        set {
            if let newValue {
                if let position = position(of: key) {
                    storage[position].value = newValue
                } else {
                    append(key, newValue)
                }
            } else if let position = position(of: key) {
                storage.remove(at: position)
                rebuildIndex()
            }
        }
    }

    /// Removes the fields for which `predicate` holds.
    package mutating func removeAll(where predicate: (Field) -> Bool) {
        storage.removeAll(where: predicate)
        rebuildIndex()
    }

    /// Replaces values by what `change` makes of them; those for which it makes nothing stay, and fields that all stay
    /// are not copied. Returns whether any was replaced.
    @discardableResult
    package mutating func updateValues(_ change: (String, Value) -> Value?) -> Bool {
        var isChanged = false
        for position in storage.indices {
            guard let value = change(storage[position].key, storage[position].value) else { continue }
            storage[position].value = value
            isChanged = true
        }
        return isChanged
    }

    /// Whether both are the same fields in memory.
    func isIdentical(to other: Fields) -> Bool { storage.sharesStorage(with: other.storage) }

    private func position(of key: String) -> Int? {
        if let index { return index[ByteText(key)] }
        return storage.firstIndex { $0.key.hasSameBytes(as: key) }
    }

    private mutating func append(_ key: String, _ value: Value) {
        storage.append(Field(key: key, value: value))
        if index != nil {
            index?[ByteText(key)] = storage.count - 1
        } else if storage.count > Self.indexThreshold {
            rebuildIndex()
        }
    }

    private mutating func rebuildIndex() {
        guard storage.count > Self.indexThreshold else {
            index = nil
            return
        }
        index = Dictionary(uniqueKeysWithValues: storage.enumerated().map { (ByteText($1.key), $0) })
    }
}

extension Fields: RandomAccessCollection {
    package var startIndex: Int { storage.startIndex }
    package var endIndex: Int { storage.endIndex }
    package subscript(position: Int) -> Field { storage[position] }
}

extension Fields: Hashable {
    /// Equal when the same fields have equal values, whatever their order. What both share in memory is not looked at.
    package static func == (left: Fields, right: Fields) -> Bool {
        if left.isIdentical(to: right) { return true }
        guard left.count == right.count else { return false }
        for (position, field) in left.storage.enumerated() {
            // Mostly both were written in one order.
            let isThere = right.storage[position].key.hasSameBytes(as: field.key)
            guard let found = isThere ? position : right.position(of: field.key) else { return false }
            guard right.storage[found].value == field.value else { return false }
        }
        return true
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        var combined = 0
        for field in storage { combined ^= field.hashValue }
        hasher.combine(combined)
    }
}

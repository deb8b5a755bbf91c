extension Value {
    /// Whether both are one tree in memory, or equal scalars: true says that they are equal without a look inside, false
    /// says nothing. In constant time but for texts.
    package func isIdentical(to other: Value) -> Bool {
        switch (self, other) {
        case (.object(let own), .object(let others)): own.isIdentical(to: others)
        case (.array(let own), .array(let others)): own.sharesStorage(with: others)
        case (.string(let own), .string(let others)): own.hasSameBytes(as: others)
        case (.integer(let own), .integer(let others)): own == others
        case (.number(let own), .number(let others)): own == others
        case (.bool(let own), .bool(let others)): own == others
        case (.null, .null): true
        default: false
        }
    }
}

extension Array {
    /// Whether both are one array in memory.
    func sharesStorage(with other: Self) -> Bool {
        withUnsafeBufferPointer { own in
            other.withUnsafeBufferPointer { own.baseAddress == $0.baseAddress && own.count == $0.count }
        }
    }
}

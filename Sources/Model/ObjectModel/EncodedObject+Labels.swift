extension EncodedObject {
    /// `metadata.labels`, found by skipping over what stands before: selectors look at many objects and change none.
    package var labels: [String: String] {
        bytes.withUnsafeBufferPointer { buffer in
            var scan = CompactScan(bytes: buffer, position: spliceOffset)
            guard let range = scan.value(of: "labels"), let labels = try? JSON.parse(Array(buffer[range])) else {
                return [:]
            }
            return labels.stringMap
        }
    }
}

/// Walks over compact JSON that is known to be well formed.
private struct CompactScan {
    let bytes: UnsafeBufferPointer<UInt8>
    var position: Int

    /// The place of a field's value, from inside an object on.
    mutating func value(of key: StaticString) -> Range<Int>? {
        while position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
            let start = position + 1
            skipString()
            let isWanted = matches(key, start..<(position - 1))
            position += 1
            let valueStart = position
            skipValue()
            if isWanted { return valueStart..<position }
            guard position < bytes.count, bytes[position] == UInt8(ascii: ",") else { return nil }
            position += 1
        }
        return nil
    }

    private func matches(_ key: StaticString, _ range: Range<Int>) -> Bool {
        guard range.count == key.utf8CodeUnitCount else { return false }
        return range.allSatisfy { bytes[$0] == key.utf8Start[$0 - range.lowerBound] }
    }

    private mutating func skipString() {
        position += 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        position += 1
    }

    private mutating func skipValue() {
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                skipString()
                if depth == 0 { return }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return }
                depth -= 1
                position += 1
                if depth == 0 { return }
            case UInt8(ascii: ",") where depth == 0: return
            default: position += 1
            }
        }
    }
}

extension EncodedObject {
    /// `metadata.labels`, found by skipping over what stands before: selectors look at many objects and change none.
    package var labels: [String: String] {
        bytes.withUnsafeBufferPointer { buffer in
            var scan = CompactScan(bytes: buffer, position: spliceOffset)
            guard let range = scan.value(of: "labels".utf8), let labels = try? JSON.parse(Array(buffer[range])) else {
                return [:]
            }
            return labels.stringMap
        }
    }

    /// The text of the string, number or flag at a path of field names, found in the same way; nil when there is none.
    package func text(at path: [String]) -> String? {
        bytes.withUnsafeBufferPointer { buffer in
            var scan = CompactScan(bytes: buffer, position: 0)
            var found = 0..<buffer.count
            for name in path {
                guard buffer[found.lowerBound] == UInt8(ascii: "{") else { return nil }
                scan.position = found.lowerBound + 1
                guard let range = scan.value(of: name.utf8) else { return nil }
                found = range
            }
            return Self.text(buffer[found])
        }
    }

    private static func text(_ value: Slice<UnsafeBufferPointer<UInt8>>) -> String? {
        switch value.first {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "n"), nil: return nil
        case UInt8(ascii: "\"") where value.contains(UInt8(ascii: "\\")): return (try? JSON.parse(Array(value)))?.string
        case UInt8(ascii: "\""): return String(decoding: value.dropFirst().dropLast(), as: UTF8.self)
        default: return String(decoding: value, as: UTF8.self)
        }
    }
}

/// Walks over compact JSON that is known to be well formed.
private struct CompactScan {
    let bytes: UnsafeBufferPointer<UInt8>
    var position: Int

    /// The place of a field's value, from inside an object on.
    mutating func value(of key: some Collection<UInt8>) -> Range<Int>? {
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

    private func matches(_ key: some Collection<UInt8>, _ range: Range<Int>) -> Bool {
        range.count == key.count && bytes[range].elementsEqual(key)
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

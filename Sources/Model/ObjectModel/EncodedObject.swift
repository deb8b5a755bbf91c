/// A place in the history of the store: one counter for all kinds, strictly increasing; 0 is before everything.
package struct Revision: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The counter.
    package let value: Int64

    /// The revision with this counter.
    package init(_ value: Int64) { self.value = value }

    /// The revision that a `resourceVersion` string names; nil when it is no non-negative decimal.
    package init?(resourceVersion: String) {
        guard let value = Int64(resourceVersion), value >= 0, !resourceVersion.hasPrefix("+") else { return nil }
        self.value = value
    }

    /// Before everything.
    package static let zero = Revision(0)

    package static func < (left: Revision, right: Revision) -> Bool { left.value < right.value }
    package var description: String { String(value) }
}

/// An object as it is stored: its JSON without a resourceVersion, and the offset at which one is spliced in.
///
/// The bytes begin with apiVersion, kind and metadata, and metadata is never empty (every object has a name).
package struct EncodedObject: Sendable, Hashable {
    /// Compact JSON without `metadata.resourceVersion`.
    package let bytes: [UInt8]
    /// The offset just behind `"metadata":{`.
    package let spliceOffset: Int
    /// The tree that it was made from, while that is kept. No part of what it is.
    private let recent: RecentTrees.Place?
    /// Whether all of it has passed this process' own schemas: decoded, with every default, judged. No part of what it is.
    package let isOwn: Bool

    /// Restores what a store kept.
    package init(bytes: [UInt8], spliceOffset: Int) {
        self.bytes = bytes
        self.spliceOffset = spliceOffset
        recent = nil
        isOwn = false
    }

    /// Encodes an object; a resourceVersion in it is left out. apiVersion, kind and metadata are written first. `trees`
    /// keeps the tree for a while. `isOwn`: see there.
    package init(_ object: Value, keptIn trees: RecentTrees? = nil, isOwn: Bool = false) {
        var output: [UInt8] = []
        output.reserveCapacity(1024)
        output.append(UInt8(ascii: "{"))
        for key in ["apiVersion", "kind"] {
            guard let value = object[key] else { continue }
            JSON.append(key, to: &output)
            output.append(UInt8(ascii: ":"))
            JSON.append(value, to: &output)
            output.append(UInt8(ascii: ","))
        }
        output.append(contentsOf: "\"metadata\":{".utf8)
        spliceOffset = output.count
        var metadata = object["metadata"]?.fields ?? Fields()
        metadata["resourceVersion"] = nil
        Self.append(metadata, to: &output)
        output.append(UInt8(ascii: "}"))
        for field in object.fields ?? Fields() where !["apiVersion", "kind", "metadata"].contains(field.key) {
            output.append(UInt8(ascii: ","))
            JSON.append(field.key, to: &output)
            output.append(UInt8(ascii: ":"))
            JSON.append(field.value, to: &output)
        }
        output.append(UInt8(ascii: "}"))
        // Without the room that is left behind them: they are kept for long.
        bytes = output.withUnsafeBufferPointer { Array($0) }
        recent = trees?.keep(object, bytes: output.count)
        self.isOwn = isOwn
    }

    package static func == (left: EncodedObject, right: EncodedObject) -> Bool { left.bytes == right.bytes }
    package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

    private static func append(_ fields: Fields, to output: inout [UInt8]) {
        for (position, field) in fields.enumerated() {
            if position > 0 { output.append(UInt8(ascii: ",")) }
            JSON.append(field.key, to: &output)
            output.append(UInt8(ascii: ":"))
            JSON.append(field.value, to: &output)
        }
    }

    /// The JSON a client sees: with `metadata.resourceVersion` of `revision`.
    package func json(at revision: Revision) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + 40)
        append(to: &output, at: revision)
        return output
    }

    /// Appends the JSON a client sees.
    package func append(to output: inout [UInt8], at revision: Revision) {
        output.append(contentsOf: bytes[..<spliceOffset])
        output.append(contentsOf: "\"resourceVersion\":\"\(revision.value)\"".utf8)
        if bytes[spliceOffset] != UInt8(ascii: "}") { output.append(UInt8(ascii: ",")) }
        output.append(contentsOf: bytes[spliceOffset...])
    }

    /// The tree a client sees. Stored bytes are always well formed.
    package func value(at revision: Revision) -> Value {
        guard var value = recent?.value ?? (try? JSON.parse(bytes)) else { return .emptyObject }
        value["metadata", "resourceVersion"] = .string(revision.description)
        return value
    }
}

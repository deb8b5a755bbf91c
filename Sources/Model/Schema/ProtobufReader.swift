/// Why bytes are no protobuf message, in upstream's words.
struct ProtobufMalformed: Error {
    let message: String
}

/// Reads one protobuf message field by field, never behind its end.
struct ProtobufReader {
    /// How a field's bytes are laid out.
    enum Wire: Int {
        case varint = 0
        case fixed64 = 1
        case delimited = 2
        case startGroup = 3
        case endGroup = 4
        case fixed32 = 5
    }

    /// The number and the layout of the next field.
    struct Tag {
        let number: Int
        let wire: Wire
    }

    let bytes: [UInt8]
    private var position: Int
    private let end: Int

    /// Reads `range` of `bytes`; the range must lie within.
    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { position >= end }

    /// The next tag; `message` is for errors.
    mutating func tag(in message: String) throws(ProtobufMalformed) -> Tag {
        let bits = try varint()
        let number = Int(Int32(truncatingIfNeeded: bits >> 3))
        guard let wire = Wire(rawValue: Int(bits & 7)) else {
            throw ProtobufMalformed(message: "proto: illegal wireType \(bits & 7)")
        }
        guard wire != .endGroup else {
            throw ProtobufMalformed(message: "proto: \(message): wiretype end group for non-group")
        }
        guard number > 0 else {
            throw ProtobufMalformed(message: "proto: \(message): illegal tag \(number) (wire type \(bits & 7))")
        }
        return Tag(number: number, wire: wire)
    }

    /// A number of up to 64 bits, seven in each byte.
    mutating func varint() throws(ProtobufMalformed) -> UInt64 {
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard position < end else { throw Self.unexpectedEnd }
            let byte = bytes[position]
            position += 1
            result |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return result }
        }
        throw ProtobufMalformed(message: "proto: integer overflow")
    }

    /// Where the bytes lie that follow their length.
    mutating func delimited() throws(ProtobufMalformed) -> Range<Int> {
        guard let length = Int(exactly: try varint()) else {
            throw ProtobufMalformed(message: "proto: negative length found during unmarshaling")
        }
        guard length <= end - position else { throw Self.unexpectedEnd }
        defer { position += length }
        return position..<position + length
    }

    /// Passes over a value; groups are passed over with all that is in them.
    mutating func skip(_ wire: Wire) throws(ProtobufMalformed) {
        var groups = 0
        var wire = wire
        while true {
            switch wire {
            case .varint: _ = try varint()
            case .fixed64: try advance(8)
            case .fixed32: try advance(4)
            case .delimited: _ = try delimited()
            case .startGroup: groups += 1
            case .endGroup: groups -= 1
            }
            if groups == 0 { return }
            let bits = try varint()
            guard let next = Wire(rawValue: Int(bits & 7)) else {
                throw ProtobufMalformed(message: "proto: illegal wireType \(bits & 7)")
            }
            wire = next
        }
    }

    private mutating func advance(_ count: Int) throws(ProtobufMalformed) {
        guard count <= end - position else { throw Self.unexpectedEnd }
        position += count
    }

    private static let unexpectedEnd = ProtobufMalformed(message: "unexpected EOF")
}

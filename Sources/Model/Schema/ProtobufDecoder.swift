package import ObjectModel

/// Decodes protobuf bodies (`application/vnd.kubernetes.protobuf`) to the tree that the JSON form would give, driven by
/// the catalogue's table alone.
///
/// Clients write every field that is no pointer, set or not: an empty value of such a field is absent here. Unknown
/// fields are skipped. Of a field that occurs more than once although it is single, the last value counts. Time is
/// linear in the length; messages may nest 100 deep.
package struct ProtobufDecoder: Sendable {
    /// Why a body cannot be decoded.
    package enum Failure: Error, Sendable, Hashable {
        /// The bytes are no envelope, for this reason.
        case unrecognized(String)
        /// The table does not know the kind.
        case unknownKind(GroupVersionKind)
        /// The bytes are no object of the kind, for this reason.
        case malformed(GroupVersionKind, String)
    }

    /// What every body starts with.
    package static let prefix: [UInt8] = [0x6B, 0x38, 0x73, 0x00]
    /// How deep messages may nest.
    static let deepestNesting = 100

    private let table: ProtobufTable

    /// A decoder of the kinds in `table`.
    package init(_ table: ProtobufTable) { self.table = table }

    /// The object in a body, with apiVersion and kind.
    package func decode(_ body: [UInt8]) throws(Failure) -> Value {
        guard !body.isEmpty else { throw .unrecognized("empty data") }
        guard body.starts(with: Self.prefix) else {
            throw .unrecognized(
                "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
        }
        guard body.count > Self.prefix.count else { throw .unrecognized("empty body") }
        let envelope: Envelope
        do throws(ProtobufMalformed) {
            envelope = try Envelope(body, from: Self.prefix.count)
        } catch {
            throw .unrecognized(error.message)
        }
        guard !envelope.kind.isEmpty else { throw .unrecognized("Object 'Kind' is missing") }
        guard let groupVersion = GroupVersion(apiVersion: envelope.apiVersion) else {
            throw .unrecognized("Object 'apiVersion' is missing")
        }
        let gvk = GroupVersionKind(groupVersion, envelope.kind)
        guard let root = table.root(gvk) else { throw .unknownKind(gvk) }
        var object: Value = ["kind": .string(envelope.kind), "apiVersion": .string(envelope.apiVersion)]
        do throws(ProtobufMalformed) {
            let fields = try MessageDecoding(messages: table.messages, bytes: body).fields(root, envelope.raw, depth: 1)
            for field in fields { object[field.key] = field.value }
        } catch {
            throw .malformed(gvk, error.message)
        }
        return object
    }
}

/// The message around an object: its kind, and where its bytes lie.
private struct Envelope {
    private(set) var apiVersion = ""
    private(set) var kind = ""
    private(set) var raw = 0..<0

    init(_ bytes: [UInt8], from start: Int) throws(ProtobufMalformed) {
        var reader = ProtobufReader(bytes, start..<bytes.count)
        while !reader.isAtEnd {
            let tag = try reader.tag(in: "Unknown")
            switch (tag.number, tag.wire) {
            case (1, .delimited): try readType(bytes, try reader.delimited())
            case (2, .delimited): raw = try reader.delimited()
            default: try reader.skip(tag.wire)
            }
        }
    }

    private mutating func readType(_ bytes: [UInt8], _ range: Range<Int>) throws(ProtobufMalformed) {
        var reader = ProtobufReader(bytes, range)
        while !reader.isAtEnd {
            let tag = try reader.tag(in: "TypeMeta")
            switch (tag.number, tag.wire) {
            case (1, .delimited): apiVersion = String(decoding: bytes[try reader.delimited()], as: UTF8.self)
            case (2, .delimited): kind = String(decoding: bytes[try reader.delimited()], as: UTF8.self)
            default: try reader.skip(tag.wire)
            }
        }
    }
}

internal import APIProtocol
internal import HeaderCompression

/// Expands the header blocks that a peer sends; every block of a connection, in order.
final class SPDYHeaderReader {
    /// The longest block after expansion, in bytes. Streams of Kubernetes have three short fields.
    static let longestBlock = 4 << 10
    /// The most fields of a block; each of several values counts.
    static let mostFields = 64

    private let reader: OpaquePointer

    init?() {
        guard let reader = ordinal_header_reader_new() else { return nil }
        self.reader = reader
    }

    deinit { ordinal_header_reader_free(reader) }

    /// The fields of the next block.
    func read(_ block: some Collection<UInt8>) throws(SPDYError) -> HTTPFields {
        let input = Array(block)
        let count = Self.longestBlock
        var length = -1
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { output, used in
            length = ordinal_header_read(reader, input, input.count, output.baseAddress, count)
            used = max(0, length)
        }
        guard length >= 0 else { throw SPDYError("a header block is broken or too long") }
        return try Self.fields(bytes)
    }

    private static func fields(_ bytes: [UInt8]) throws(SPDYError) -> HTTPFields {
        var rest = bytes[...]
        let count = try number(&rest)
        guard count <= mostFields else { throw SPDYError("a header block has too many fields") }
        var fields = HTTPFields()
        for _ in 0..<count {
            let name = try text(&rest)
            // Several values are one text with zeros between.
            for value in try text(&rest).split(separator: "\0", omittingEmptySubsequences: false) {
                guard fields.all.count < mostFields else { throw SPDYError("a header block has too many fields") }
                fields.append(name, String(value))
            }
        }
        guard rest.isEmpty else { throw SPDYError("a header block goes on after its last field") }
        return fields
    }

    private static func number(_ rest: inout ArraySlice<UInt8>) throws(SPDYError) -> UInt32 {
        guard rest.count >= 4 else { throw SPDYError("a header block ends too early") }
        defer { rest = rest.dropFirst(4) }
        return SPDYWire.number(rest)
    }

    private static func text(_ rest: inout ArraySlice<UInt8>) throws(SPDYError) -> String {
        let length = Int(try number(&rest))
        guard length <= rest.count else { throw SPDYError("a header block ends too early") }
        defer { rest = rest.dropFirst(length) }
        return String(decoding: rest.prefix(length), as: UTF8.self)
    }
}

/// Compresses the header blocks that we send; every block of a connection, in order.
final class SPDYHeaderWriter {
    private let writer: OpaquePointer

    init?() {
        guard let writer = ordinal_header_writer_new() else { return nil }
        self.writer = writer
    }

    deinit { ordinal_header_writer_free(writer) }

    /// The block of some fields, whose names differ.
    func write(_ fields: HTTPFields) throws(SPDYError) -> [UInt8] {
        var input = SPDYWire.number(UInt32(fields.all.count))
        for field in fields.all {
            for text in [field.name.lowercased(), field.value] {
                input += SPDYWire.number(UInt32(text.utf8.count)) + text.utf8
            }
        }
        // What cannot be compressed grows by some bytes.
        let capacity = input.count * 2 + 128
        var length = -1
        let block = [UInt8](unsafeUninitializedCapacity: capacity) { output, used in
            length = ordinal_header_write(writer, input, input.count, output.baseAddress, capacity)
            used = max(0, length)
        }
        guard length >= 0 else { throw SPDYError("a header block could not be compressed") }
        return block
    }
}

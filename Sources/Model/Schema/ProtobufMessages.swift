internal import ObjectModel

/// Decodes the messages of one body.
struct MessageDecoding {
    /// What was read of one field so far.
    private struct Slot {
        var value: Value?
        var items: [Value] = []
        var entries = Fields()
    }

    let messages: [ProtobufTable.Message]
    let bytes: [UInt8]

    /// The fields of the message at a position of the table; `depth` counts the messages around it and itself.
    func fields(_ position: Int, _ range: Range<Int>, depth: Int) throws(ProtobufMalformed) -> Fields {
        guard depth <= ProtobufDecoder.deepestNesting else {
            throw ProtobufMalformed(message: "proto: messages are nested too deep")
        }
        let message = messages[position]
        guard !range.isEmpty else { return Fields() }
        var slots = [Slot](repeating: Slot(), count: message.fields.count)
        var reader = ProtobufReader(bytes, range)
        while !reader.isAtEnd {
            let tag = try reader.tag(in: message.name)
            guard let index = message.position(ofNumber: tag.number) else {
                try reader.skip(tag.wire)
                continue
            }
            try read(message.fields[index], tag.wire, &reader, into: &slots[index], depth: depth)
        }
        return assemble(message, slots)
    }

    private func read(
        _ field: ProtobufTable.Field, _ wire: ProtobufReader.Wire, _ reader: inout ProtobufReader,
        into slot: inout Slot, depth: Int
    ) throws(ProtobufMalformed) {
        switch field.rule {
        case .map:
            guard wire == .delimited else { throw Self.wrongWire(wire, field) }
            let (key, value) = try entry(field, try reader.delimited(), depth: depth)
            slot.entries[key] = value
        case .repeated where wire == .delimited && Self.isNumber(field.kind):
            var packed = ProtobufReader(bytes, try reader.delimited())
            while !packed.isAtEnd { slot.items.append(try value(field, .varint, &packed, depth: depth)) }
        case .repeated: slot.items.append(try value(field, wire, &reader, depth: depth))
        case .optional, .pointer, .inlined: slot.value = try value(field, wire, &reader, depth: depth)
        }
    }

    private func assemble(_ message: ProtobufTable.Message, _ slots: [Slot]) -> Fields {
        var fields = Fields()
        for (field, slot) in zip(message.fields, slots) {
            switch field.rule {
            case .repeated: if !slot.items.isEmpty { fields[field.name] = .array(slot.items) }
            case .map: if !slot.entries.isEmpty { fields[field.name] = .object(slot.entries) }
            case .inlined: for inner in slot.value?.fields ?? Fields() { fields[inner.key] = inner.value }
            case .pointer: if let value = slot.value, !value.isNull { fields[field.name] = value }
            case .optional:
                guard let value = slot.value, !value.isNull, isJSON(field.kind) || !value.isEmpty else { continue }
                fields[field.name] = value
            }
        }
        return fields
    }

    private func value(
        _ field: ProtobufTable.Field, _ wire: ProtobufReader.Wire, _ reader: inout ProtobufReader, depth: Int
    ) throws(ProtobufMalformed) -> Value {
        guard wire == (Self.isNumber(field.kind) ? .varint : .delimited) else { throw Self.wrongWire(wire, field) }
        switch field.kind {
        case .boolean: return .bool(try reader.varint() != 0)
        case .int32: return .integer(Int64(Int32(truncatingIfNeeded: try reader.varint())))
        case .int64: return .integer(Int64(bitPattern: try reader.varint()))
        case .string: return .string(String(decoding: bytes[try reader.delimited()], as: UTF8.self))
        case .bytes: return .string(Base64.text(Array(bytes[try reader.delimited()])))
        case .message(let position): return try message(position, try reader.delimited(), depth: depth + 1)
        }
    }

    private func message(_ position: Int, _ range: Range<Int>, depth: Int) throws(ProtobufMalformed) -> Value {
        switch messages[position].form {
        case .object: return .object(try fields(position, range, depth: depth))
        case .time: return try time(range) { .string($0.text) }
        case .microTime: return try time(range) { .string($0.microText) }
        case .quantity: return .string(try ScalarParts(bytes, range).text(1))
        case .intOrString:
            let parts = try ScalarParts(bytes, range)
            return parts.numbers[1] == 1
                ? .string(parts.text(3)) : .integer(Int64(Int32(truncatingIfNeeded: parts.numbers[2])))
        case .json:
            let raw = try ScalarParts(bytes, range).ranges[1]
            guard !raw.isEmpty else { return .null }
            do throws(JSONError) {
                // Each message around this one is an object, and in a list if it is repeated.
                return try JSON.parse(Array(bytes[raw]), maximumDepth: JSON.maximumBodyDepth - 2 * (depth - 1))
            } catch {
                throw ProtobufMalformed(message: "json parse error: \(error)")
            }
        }
    }

    /// No parts at all are Go's zero time, which is null.
    private func time(_ range: Range<Int>, _ text: (Timestamp) -> Value) throws(ProtobufMalformed) -> Value {
        guard !range.isEmpty else { return .null }
        let parts = try ScalarParts(bytes, range)
        let (whole, tooLong) = parts.numbers[1].multipliedReportingOverflow(by: 1_000_000_000)
        let fraction = Int64(Int32(truncatingIfNeeded: parts.numbers[2]))
        let (nanoseconds, tooFar) = whole.addingReportingOverflow(fraction)
        guard !tooLong, !tooFar, (0..<1_000_000_000).contains(fraction) else {
            throw ProtobufMalformed(message: "the time \(parts.numbers[1]) seconds after 1970 is out of range")
        }
        return text(Timestamp(nanoseconds: nanoseconds))
    }

    private func entry(
        _ field: ProtobufTable.Field, _ range: Range<Int>, depth: Int
    ) throws(ProtobufMalformed) -> (String, Value) {
        var reader = ProtobufReader(bytes, range)
        var key = ""
        var found: Value?
        while !reader.isAtEnd {
            let tag = try reader.tag(in: field.name)
            switch (tag.number, tag.wire) {
            case (1, .delimited): key = String(decoding: bytes[try reader.delimited()], as: UTF8.self)
            case (2, _): found = try value(field, tag.wire, &reader, depth: depth)
            default: try reader.skip(tag.wire)
            }
        }
        if let found { return (key, found) }
        return (key, try emptyValue(field.kind, depth: depth))
    }

    /// What a map entry without a value has.
    private func emptyValue(_ kind: ProtobufTable.Kind, depth: Int) throws(ProtobufMalformed) -> Value {
        switch kind {
        case .string, .bytes: ""
        case .boolean: false
        case .int32, .int64: 0
        case .message(let position): try message(position, 0..<0, depth: depth + 1)
        }
    }

    private func isJSON(_ kind: ProtobufTable.Kind) -> Bool {
        if case .message(let position) = kind { messages[position].form == .json } else { false }
    }

    private static func isNumber(_ kind: ProtobufTable.Kind) -> Bool {
        switch kind {
        case .boolean, .int32, .int64: true
        case .string, .bytes, .message: false
        }
    }

    private static func wrongWire(_ wire: ProtobufReader.Wire, _ field: ProtobufTable.Field) -> ProtobufMalformed {
        ProtobufMalformed(message: "proto: wrong wireType = \(wire.rawValue) for field \(field.name)")
    }
}

/// The parts of a message that is one value in JSON: numbers and bytes by the number of their field, 1 to 3.
private struct ScalarParts {
    private(set) var numbers = [Int64](repeating: 0, count: 4)
    private(set) var ranges = [Range<Int>](repeating: 0..<0, count: 4)
    private let bytes: [UInt8]

    init(_ bytes: [UInt8], _ range: Range<Int>) throws(ProtobufMalformed) {
        self.bytes = bytes
        var reader = ProtobufReader(bytes, range)
        while !reader.isAtEnd {
            let tag = try reader.tag(in: "value")
            switch (tag.number, tag.wire) {
            case (1...3, .varint): numbers[tag.number] = Int64(bitPattern: try reader.varint())
            case (1...3, .delimited): ranges[tag.number] = try reader.delimited()
            default: try reader.skip(tag.wire)
            }
        }
    }

    func text(_ number: Int) -> String { String(decoding: bytes[ranges[number]], as: UTF8.self) }
}

internal import ObjectModel

/// Reads the parts of a message; nil at anything malformed.
struct DNSReader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func number16() -> UInt16? {
        guard position + 2 <= bytes.count else { return nil }
        defer { position += 2 }
        return UInt16(bytes[position]) << 8 | UInt16(bytes[position + 1])
    }

    mutating func skip(_ count: Int) -> Bool {
        guard position + count <= bytes.count else { return false }
        position += count
        return true
    }

    /// A name; pointers lead backwards only, and a name has at most 255 bytes.
    mutating func name() -> DNSName? {
        var labels: [String] = []
        var cursor = position
        var end: Int?
        var size = 0
        while true {
            guard cursor < bytes.count else { return nil }
            let length = Int(bytes[cursor])
            if length == 0 {
                position = end ?? cursor + 1
                return DNSName(labels: labels)
            }
            if length & 0xC0 == 0xC0 {
                guard cursor + 1 < bytes.count else { return nil }
                let target = (length & 0x3F) << 8 | Int(bytes[cursor + 1])
                guard target < cursor else { return nil }
                end = end ?? cursor + 2
                cursor = target
                continue
            }
            size += length + 1
            guard length < 64, size < 255, cursor + 1 + length <= bytes.count else { return nil }
            labels.append(String(decoding: bytes[(cursor + 1)..<(cursor + 1 + length)], as: UTF8.self))
            cursor += 1 + length
        }
    }
}

/// Writes a message; names that occurred before become pointers.
struct DNSWriter {
    private(set) var bytes: [UInt8] = []
    private var offsets: [[String]: Int] = [:]

    mutating func number16(_ number: UInt16) {
        bytes.append(UInt8(number >> 8))
        bytes.append(UInt8(number & 0xFF))
    }

    mutating func number32(_ number: UInt32) {
        number16(UInt16(number >> 16))
        number16(UInt16(number & 0xFFFF))
    }

    mutating func name(_ name: DNSName) {
        for (index, label) in name.labels.enumerated() {
            let rest = Array(name.key[index...])
            if let offset = offsets[rest] {
                number16(0xC000 | UInt16(offset))
                return
            }
            if bytes.count < 0x3FFF { offsets[rest] = bytes.count }
            let utf8 = label.utf8.prefix(63)
            bytes.append(UInt8(utf8.count))
            bytes.append(contentsOf: utf8)
        }
        bytes.append(0)
    }

    mutating func record(_ record: DNSRecord) {
        name(record.name)
        number16(record.data.type.rawValue)
        number16(1)
        number32(record.ttl)
        let lengthOffset = bytes.count
        number16(0)
        data(record.data)
        let length = bytes.count - lengthOffset - 2
        bytes[lengthOffset] = UInt8(length >> 8)
        bytes[lengthOffset + 1] = UInt8(length & 0xFF)
    }

    private mutating func data(_ data: DNSRecordData) {
        switch data {
        case .a(let address): number32(address.number)
        case .aaaa(let address): bytes += address
        case .cname(let target), .ptr(let target): name(target)
        case .srv(let priority, let weight, let port, let target):
            number16(priority)
            number16(weight)
            number16(port)
            name(target)
        case .soa(let server, let mailbox, let serial, let minimum):
            name(server)
            name(mailbox)
            for number in [serial, 7200, 1800, 86400, minimum] { number32(number) }
        }
    }

    mutating func edns(payloadSize: UInt16) {
        bytes.append(0)
        number16(DNSRecordType.opt.rawValue)
        number16(payloadSize)
        number32(0)
        number16(0)
    }
}

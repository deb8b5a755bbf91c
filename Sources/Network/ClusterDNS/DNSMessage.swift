package import ObjectModel

/// The type of a record or a question, by its number.
package struct DNSRecordType: RawRepresentable, Sendable, Hashable {
    /// The number.
    package let rawValue: UInt16
    /// The type with this number.
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// IPv4 address.
    package static let a = DNSRecordType(rawValue: 1)
    /// Alias.
    package static let cname = DNSRecordType(rawValue: 5)
    /// Start of authority.
    package static let soa = DNSRecordType(rawValue: 6)
    /// Name of an address.
    package static let ptr = DNSRecordType(rawValue: 12)
    /// IPv6 address.
    package static let aaaa = DNSRecordType(rawValue: 28)
    /// Host and port of a service.
    package static let srv = DNSRecordType(rawValue: 33)
    /// EDNS0.
    package static let opt = DNSRecordType(rawValue: 41)
    /// Everything.
    package static let any = DNSRecordType(rawValue: 255)
}

/// What a record says.
package enum DNSRecordData: Sendable, Hashable {
    /// IPv4 address.
    case a(IPv4Address)
    /// IPv6 address: its 16 bytes.
    case aaaa([UInt8])
    /// Alias.
    case cname(DNSName)
    /// Name of an address.
    case ptr(DNSName)
    /// Host and port of a service.
    case srv(priority: UInt16, weight: UInt16, port: UInt16, target: DNSName)
    /// Start of authority: the server, the mailbox, a serial, and for how long a missing name may be remembered.
    case soa(server: DNSName, mailbox: DNSName, serial: UInt32, minimum: UInt32)

    var type: DNSRecordType {
        switch self {
        case .a: .a
        case .aaaa: .aaaa
        case .cname: .cname
        case .ptr: .ptr
        case .srv: .srv
        case .soa: .soa
        }
    }
}

/// One record of an answer.
package struct DNSRecord: Sendable, Hashable {
    /// Whose.
    package let name: DNSName
    /// For how many seconds it may be remembered.
    package let ttl: UInt32
    /// What it says.
    package let data: DNSRecordData

    /// A record.
    package init(name: DNSName, ttl: UInt32, data: DNSRecordData) {
        self.name = name
        self.ttl = ttl
        self.data = data
    }
}

/// What is asked.
package struct DNSQuestion: Sendable, Hashable {
    /// The name.
    package let name: DNSName
    /// The type of record.
    package let type: DNSRecordType
    /// The class; 1 is the Internet.
    package let recordClass: UInt16

    /// A question of the Internet class.
    package init(name: DNSName, type: DNSRecordType, recordClass: UInt16 = 1) {
        self.name = name
        self.type = type
        self.recordClass = recordClass
    }
}

/// How a query ended (RCODE).
package enum DNSResponseCode: UInt8, Sendable {
    case noError = 0
    case formatError = 1
    case serverFailure = 2
    case nameError = 3
    case notImplemented = 4
    case refused = 5
}

/// A query as it came in: one question.
package struct DNSQuery: Sendable, Hashable {
    /// The client's number for it.
    package let id: UInt16
    /// Whether the client wants other names resolved too.
    package let recursionDesired: Bool
    /// What is asked.
    package let question: DNSQuestion
    /// The largest datagram the client takes; nil without EDNS0.
    package let payloadSize: Int?

    /// A query.
    package init(id: UInt16, recursionDesired: Bool = true, question: DNSQuestion, payloadSize: Int? = nil) {
        self.id = id
        self.recursionDesired = recursionDesired
        self.question = question
        self.payloadSize = payloadSize
    }

    /// The message: for a resolver when recursion is desired.
    package var encoded: [UInt8] {
        var writer = DNSWriter()
        writer.number16(id)
        writer.number16(recursionDesired ? 0x0100 : 0)
        for count in [1, 0, 0, payloadSize == nil ? 0 : 1] { writer.number16(UInt16(count)) }
        writer.name(question.name)
        writer.number16(question.type.rawValue)
        writer.number16(question.recordClass)
        if let payloadSize { writer.edns(payloadSize: UInt16(clamping: payloadSize)) }
        return writer.bytes
    }

    /// What is wrong with a datagram: nothing can be answered, or an answer with a code can.
    package enum Malformed: Error, Sendable, Hashable {
        /// Too short for a header, or itself a response: dropped.
        case ignored
        /// Answered with a code.
        case answered(id: UInt16, DNSResponseCode)
    }

    /// Reads a query. Never reads behind the end and never follows pointers forward, so it ends on any input.
    package static func parse(_ bytes: [UInt8]) throws(Malformed) -> DNSQuery {
        guard bytes.count >= 12 else { throw .ignored }
        var reader = DNSReader(bytes: bytes)
        let id = reader.number16() ?? 0
        let flags = reader.number16() ?? 0
        guard flags & 0x8000 == 0 else { throw .ignored }
        guard (flags >> 11) & 0xF == 0 else { throw .answered(id: id, .notImplemented) }
        let counts = (0..<4).map { _ in Int(reader.number16() ?? 0) }
        guard counts[0] == 1, let name = reader.name(), let type = reader.number16(), let kind = reader.number16()
        else {
            throw .answered(id: id, .formatError)
        }
        var payloadSize: Int?
        for _ in 0..<min(counts[1] + counts[2] + counts[3], 16) {
            guard reader.name() != nil, let recordType = reader.number16(), let size = reader.number16(),
                reader.skip(4), let length = reader.number16(), reader.skip(Int(length))
            else { throw .answered(id: id, .formatError) }
            if recordType == DNSRecordType.opt.rawValue { payloadSize = max(512, Int(size)) }
        }
        return DNSQuery(
            id: id, recursionDesired: flags & 0x0100 != 0,
            question: DNSQuestion(name: name, type: DNSRecordType(rawValue: type), recordClass: kind),
            payloadSize: payloadSize)
    }
}

/// The answer to a question.
package struct DNSAnswer: Sendable, Hashable {
    /// How it ended.
    package var code: DNSResponseCode
    /// The records asked for.
    package var answers: [DNSRecord] = []
    /// The zone's start of authority, with an empty answer.
    package var authority: [DNSRecord] = []
    /// Records that spare another question.
    package var additional: [DNSRecord] = []

    /// An answer.
    package init(
        code: DNSResponseCode = .noError, answers: [DNSRecord] = [], authority: [DNSRecord] = [],
        additional: [DNSRecord] = []
    ) {
        self.code = code
        self.answers = answers
        self.authority = authority
        self.additional = additional
    }

    /// The message for a query, at most `limit` bytes: what does not fit is left out, additional records first, then
    /// all answers with the truncation flag, so that the client asks again by TCP.
    package func encoded(for query: DNSQuery, limit: Int) -> [UInt8] {
        let full = message(query, answers: answers, additional: additional, truncated: false)
        if full.count <= limit { return full }
        let lean = message(query, answers: answers, additional: [], truncated: false)
        if lean.count <= limit { return lean }
        return message(query, answers: [], additional: [], truncated: true)
    }

    private func message(
        _ query: DNSQuery, answers: [DNSRecord], additional: [DNSRecord], truncated: Bool
    ) -> [UInt8] {
        var writer = DNSWriter()
        let flags: UInt16 =
            0x8400 | (truncated ? 0x0200 : 0) | (query.recursionDesired ? 0x0100 : 0) | 0x0080
            | UInt16(code.rawValue)
        writer.number16(query.id)
        writer.number16(flags)
        for count in [
            1, answers.count, truncated ? 0 : authority.count, additional.count + (query.payloadSize == nil ? 0 : 1),
        ] {
            writer.number16(UInt16(count))
        }
        writer.name(query.question.name)
        writer.number16(query.question.type.rawValue)
        writer.number16(query.question.recordClass)
        for record in answers { writer.record(record) }
        if !truncated { for record in authority { writer.record(record) } }
        for record in additional { writer.record(record) }
        if query.payloadSize != nil { writer.edns(payloadSize: 1232) }
        return writer.bytes
    }

    /// The message for a query that cannot be answered: a header and nothing else.
    package static func failure(id: UInt16, _ code: DNSResponseCode) -> [UInt8] {
        var writer = DNSWriter()
        writer.number16(id)
        writer.number16(0x8080 | UInt16(code.rawValue))
        for _ in 0..<4 { writer.number16(0) }
        return writer.bytes
    }
}

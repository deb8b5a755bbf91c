internal import NIOCore
internal import ObjectModel

/// What a resolver said: how it ended, and its answers as far as they are addresses and aliases.
struct DNSReply: Sendable, Hashable {
    var code: DNSResponseCode
    var isTruncated: Bool
    var answers: [DNSRecord] = []

    /// Reads a message; nil when it is no answer or is malformed.
    static func parse(_ bytes: [UInt8]) -> DNSReply? {
        var reader = DNSReader(bytes: bytes)
        guard reader.number16() != nil, let flags = reader.number16(), flags & 0x8000 != 0,
            let questions = reader.number16(), let answers = reader.number16(), reader.skip(4)
        else { return nil }
        for _ in 0..<questions {
            guard reader.name() != nil, reader.skip(4) else { return nil }
        }
        let code = DNSResponseCode(rawValue: UInt8(flags & 0xF)) ?? .serverFailure
        var reply = DNSReply(code: code, isTruncated: flags & 0x0200 != 0)
        for _ in 0..<answers {
            guard let record = record(&reader) else { return nil }
            if let record = record { reply.answers.append(record) }
        }
        return reply
    }

    /// Nil for a malformed record, nil inside for one that is neither address nor alias.
    private static func record(_ reader: inout DNSReader) -> DNSRecord?? {
        guard let name = reader.name(), let type = reader.number16(), reader.skip(2), let high = reader.number16(),
            let low = reader.number16(), let length = reader.number16()
        else { return nil }
        var data = reader
        guard reader.skip(Int(length)) else { return nil }
        let ttl = UInt32(high) << 16 | UInt32(low)
        switch DNSRecordType(rawValue: type) {
        case .a where length == 4:
            guard let first = data.number16(), let second = data.number16() else { return nil }
            let address = IPv4Address(number: UInt32(first) << 16 | UInt32(second))
            return DNSRecord(name: name, ttl: ttl, data: .a(address))
        case .aaaa where length == 16:
            return DNSRecord(name: name, ttl: ttl, data: .aaaa(Array(data.bytes[data.position..<data.position + 16])))
        case .cname:
            guard let target = data.name() else { return nil }
            return DNSRecord(name: name, ttl: ttl, data: .cname(target))
        default: return .some(nil)
        }
    }
}

extension DNSAnswer {
    /// Where an alias leads that the resolvers of the machine have to follow: a client that asks for addresses follows
    /// none itself. Nil when there is none.
    func target(for question: DNSQuestion) -> DNSName? {
        guard question.type == .a || question.type == .aaaa, case .cname(let target)? = answers.last?.data else {
            return nil
        }
        return target
    }

    /// The answer with what the resolvers said of the alias's target.
    func following(_ reply: DNSReply) -> DNSAnswer {
        var answer = self
        answer.code = reply.code
        answer.answers += reply.answers
        return answer
    }
}

extension DNSServer {
    /// Asks the resolvers about the target of an alias, by TCP when the answer is too long for a datagram. Nil when they
    /// cannot be asked. Must be called on the forwarder's event loop.
    func follow(
        _ answer: DNSAnswer, to target: DNSName, for query: DNSQuery, _ forwarder: NIOLoopBound<DNSForwarder>
    ) -> EventLoopFuture<DNSAnswer>? {
        let question = DNSQuestion(name: target, type: query.question.type)
        let message = ByteBuffer(bytes: DNSQuery(id: query.id, question: question, payloadSize: 1232).encoded)
        return forwarder.value.ask(message)?.flatMap { bytes in
            let isTruncated = DNSReply.parse(Array(bytes.readableBytesView))?.isTruncated ?? false
            let longer = isTruncated ? forwarder.value.askByStream(message) : nil
            return longer ?? forwarder.eventLoop.makeSucceededFuture(bytes)
        }.map { bytes in
            guard let reply = DNSReply.parse(Array(bytes.readableBytesView)) else {
                return DNSAnswer(code: .serverFailure)
            }
            return answer.following(reply)
        }
    }
}

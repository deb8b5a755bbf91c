package import APIProtocol

/// One side of a SPDY/3.1 connection as Kubernetes uses it: bytes in, events and bytes out. Knows nothing of time and
/// transport.
///
/// Every client and every runtime of Kubernetes speaks it by moby/spdystream, which neither keeps nor announces
/// flow-control windows. So there are none here either: WINDOW_UPDATE is ignored, and a side that is too slow stops
/// reading its connection. Limits: `maximumStreams` open streams of the peer, one more is refused; see
/// `SPDYFrameReader` and `SPDYHeaderReader` for frames.
package struct SPDYSession {
    /// Which side this is.
    package enum Side: Sendable {
        /// Opened the connection; its streams have odd numbers.
        case client
        /// Accepted it; its streams have even numbers.
        case server
    }

    /// Something the peer did.
    package enum Event: Sendable, Hashable {
        /// It wants a stream: `accept` or `reset` it.
        case opened(UInt32, headers: HTTPFields)
        /// It accepted ours.
        case accepted(UInt32)
        /// It sent bytes.
        case data(UInt32, [UInt8])
        /// It sends no more on a stream.
        case ended(UInt32)
        /// It gave a stream up.
        case reset(UInt32)
        /// It ends the connection.
        case goneAway
    }

    /// What follows from bytes of the peer.
    package struct Step: Sendable, Hashable {
        /// What the peer did, in order.
        package var events: [Event] = []
        /// What to send back now.
        package var answer: [UInt8] = []
    }

    private struct Stream {
        var peerEnded = false
        var weEnded = false
    }

    /// The longest data frame that is sent, in bytes.
    package static let longestData = 1 << 20

    private let side: Side
    private let maximumStreams: Int
    private let headers: SPDYHeaderWriter
    private var reader: SPDYFrameReader
    private var streams: [UInt32: Stream] = [:]
    private var highestOfPeer: UInt32 = 0
    private var nextOwn: UInt32

    /// A connection that has just begun; throws without memory.
    package init(_ side: Side, maximumStreams: Int = 256) throws(SPDYError) {
        guard let reader = SPDYHeaderReader(), let writer = SPDYHeaderWriter() else {
            throw SPDYError("no memory for header compression")
        }
        self.side = side
        self.maximumStreams = maximumStreams
        headers = writer
        self.reader = SPDYFrameReader(headers: reader)
        nextOwn = side == .client ? 1 : 2
    }

    /// Takes bytes of the peer. After an error the connection must be closed.
    package mutating func receive(_ bytes: [UInt8]) throws(SPDYError) -> Step {
        var step = Step()
        for frame in try reader.read(bytes) { try take(frame, &step) }
        return step
    }

    private mutating func take(_ frame: SPDYFrame, _ step: inout Step) throws(SPDYError) {
        switch frame {
        case .open(let id, let headers, let isLast): try opened(id, headers, isLast: isLast, &step)
        case .reply(let id, let isLast):
            guard isOwn(id), streams[id] != nil else { return }
            step.events.append(.accepted(id))
            if isLast { peerEnded(id, &step) }
        case .data(let id, let bytes, let isLast):
            // Bytes for a stream that was given up may still be on their way.
            guard let stream = streams[id], !stream.peerEnded else { return }
            if !bytes.isEmpty { step.events.append(.data(id, bytes)) }
            if isLast { peerEnded(id, &step) }
        case .reset(let id):
            if streams.removeValue(forKey: id) != nil { step.events.append(.reset(id)) }
        case .ping(let id):
            if !isOwn(id) { step.answer += SPDYWire.control(SPDYWire.ControlType.ping, SPDYWire.number(id)) }
        case .goAway: step.events.append(.goneAway)
        }
    }

    private mutating func opened(
        _ id: UInt32, _ headers: HTTPFields, isLast: Bool, _ step: inout Step
    ) throws(SPDYError) {
        guard !isOwn(id), id > highestOfPeer else { throw SPDYError("stream \(id) cannot be opened") }
        highestOfPeer = id
        guard streams.count < maximumStreams else {
            step.answer += reset(id, .refused)
            return
        }
        streams[id] = Stream()
        step.events.append(.opened(id, headers: headers))
        if isLast { peerEnded(id, &step) }
    }

    private mutating func peerEnded(_ id: UInt32, _ step: inout Step) {
        guard let stream = streams[id], !stream.peerEnded else { return }
        step.events.append(.ended(id))
        streams[id] = stream.weEnded ? nil : Stream(peerEnded: true)
    }

    private func isOwn(_ id: UInt32) -> Bool { (id % 2 == 1) == (side == .client) }
}

// What this side says: each call answers with the bytes to send.
extension SPDYSession {
    /// Opens a stream; its number and what to send.
    package mutating func open(_ fields: HTTPFields) throws(SPDYError) -> (stream: UInt32, bytes: [UInt8]) {
        let id = nextOwn
        nextOwn += 2
        streams[id] = Stream()
        let payload = SPDYWire.number(id) + [0, 0, 0, 0, 0, 0] + (try headers.write(fields))
        return (id, SPDYWire.control(SPDYWire.ControlType.synStream, payload))
    }

    /// Accepts a stream of the peer.
    package mutating func accept(_ id: UInt32) throws(SPDYError) -> [UInt8] {
        SPDYWire.control(
            SPDYWire.ControlType.synReply, SPDYWire.number(id) + (try headers.write(HTTPFields())))
    }

    /// Sends bytes; nothing on a stream that is ended or given up.
    package mutating func send(_ bytes: [UInt8], on id: UInt32) -> [UInt8] {
        guard let stream = streams[id], !stream.weEnded else { return [] }
        var frames: [UInt8] = []
        frames.reserveCapacity(bytes.count + SPDYWire.headerLength)
        var rest = bytes[...]
        while !rest.isEmpty {
            frames += SPDYWire.data(id, isLast: false, rest.prefix(Self.longestData))
            rest = rest.dropFirst(Self.longestData)
        }
        return frames
    }

    /// Says that nothing more is sent on a stream.
    package mutating func end(_ id: UInt32) -> [UInt8] {
        guard let stream = streams[id], !stream.weEnded else { return [] }
        streams[id] = stream.peerEnded ? nil : Stream(weEnded: true)
        return SPDYWire.data(id, isLast: true, [])
    }

    /// Gives a stream up.
    package mutating func reset(_ id: UInt32, _ reason: SPDYResetReason) -> [UInt8] {
        streams[id] = nil
        return SPDYWire.control(
            SPDYWire.ControlType.reset, SPDYWire.number(id) + SPDYWire.number(reason.rawValue))
    }

    /// Ends every stream and the connection.
    package mutating func goAway() -> [UInt8] {
        let ends = streams.keys.sorted().flatMap { end($0) }
        return ends
            + SPDYWire.control(
                SPDYWire.ControlType.goAway, SPDYWire.number(highestOfPeer) + SPDYWire.number(0))
    }
}

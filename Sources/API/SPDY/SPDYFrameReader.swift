internal import APIProtocol

/// Bytes to frames, in whatever pieces they come. After an error nothing more can be read.
///
/// Limits: a control frame of 16 KiB; data frames are handed on as they come, so their length needs none.
struct SPDYFrameReader {
    /// The longest payload of a control frame, in bytes.
    static let longestControl = 16 << 10

    /// What of a data frame is still to come.
    private struct OpenData {
        let stream: UInt32
        let isLast: Bool
        var left: Int
    }

    private let headers: SPDYHeaderReader
    private var buffer: [UInt8] = []
    private var openData: OpenData?

    init(headers: SPDYHeaderReader) { self.headers = headers }

    /// The frames that are complete with `bytes`.
    mutating func read(_ bytes: [UInt8]) throws(SPDYError) -> [SPDYFrame] {
        buffer += bytes
        var rest = buffer[...]
        var frames: [SPDYFrame] = []
        while let frame = try next(&rest) { frames += frame }
        buffer = Array(rest)
        return frames
    }

    /// The next step's frames (none for one that means nothing); nil when more bytes are needed.
    private mutating func next(_ rest: inout ArraySlice<UInt8>) throws(SPDYError) -> [SPDYFrame]? {
        if let open = openData { return rest.isEmpty ? nil : [piece(of: open, &rest)] }
        guard rest.count >= SPDYWire.headerLength else { return nil }
        let first = SPDYWire.number(rest)
        let second = SPDYWire.number(rest.dropFirst(4))
        let flags = UInt8(truncatingIfNeeded: second >> 24)
        let length = Int(second & 0xFF_FFFF)
        guard first & ~SPDYWire.streamMask != 0 else {
            rest = rest.dropFirst(SPDYWire.headerLength)
            return data(first, isLast: flags & SPDYWire.lastFlag != 0, length)
        }
        guard Int(first >> 16 & 0x7FFF) == SPDYWire.version else { throw SPDYError("the peer speaks no SPDY/3") }
        guard length <= Self.longestControl else { throw SPDYError("a control frame has \(length) bytes") }
        guard rest.count >= SPDYWire.headerLength + length else { return nil }
        let payload = rest.dropFirst(SPDYWire.headerLength).prefix(length)
        rest = rest.dropFirst(SPDYWire.headerLength + length)
        return try control(Int(first & 0xFFFF), isLast: flags & SPDYWire.lastFlag != 0, payload)
    }

    private mutating func data(_ stream: UInt32, isLast: Bool, _ length: Int) -> [SPDYFrame] {
        if length == 0 { return [.data(stream, [], isLast: isLast)] }
        openData = OpenData(stream: stream, isLast: isLast, left: length)
        return []
    }

    private mutating func piece(of open: OpenData, _ rest: inout ArraySlice<UInt8>) -> SPDYFrame {
        let bytes = Array(rest.prefix(open.left))
        rest = rest.dropFirst(bytes.count)
        let left = open.left - bytes.count
        openData = left > 0 ? OpenData(stream: open.stream, isLast: open.isLast, left: left) : nil
        return .data(open.stream, bytes, isLast: open.isLast && left == 0)
    }

    private func control(
        _ type: Int, isLast: Bool, _ payload: ArraySlice<UInt8>
    ) throws(SPDYError) -> [SPDYFrame] {
        typealias ControlType = SPDYWire.ControlType
        func number() throws(SPDYError) -> UInt32 {
            guard payload.count >= 4 else { throw SPDYError("a control frame is too short") }
            return SPDYWire.number(payload)
        }
        switch type {
        case ControlType.synStream:
            let id = try number() & SPDYWire.streamMask
            return [.open(id, headers: try headers.read(payload.dropFirst(10)), isLast: isLast)]
        case ControlType.synReply:
            let id = try number() & SPDYWire.streamMask
            _ = try headers.read(payload.dropFirst(4))
            return [.reply(id, isLast: isLast)]
        case ControlType.headers:
            // Nobody sends any, but the compression goes over all blocks.
            let id = try number() & SPDYWire.streamMask
            _ = try headers.read(payload.dropFirst(4))
            return isLast ? [.data(id, [], isLast: true)] : []
        case ControlType.reset: return [.reset(try number() & SPDYWire.streamMask)]
        case ControlType.ping: return [.ping(try number())]
        case ControlType.goAway: return [.goAway]
        default: return []
        }
    }
}

internal import NIOCore

/// Takes HTTP/2 PING frames out of a connection's inbound bytes, wherever the bytes are cut.
///
/// Go's gRPC servers measure bandwidth with a PING for each response. NIO's HTTP/2 takes more than 200 control frames in
/// 30 s for an attack and closes the connection, and grpc-swift cannot be told otherwise.
struct PingFilter {
    /// The payload of a PING to answer; always eight bytes.
    typealias Payload = [UInt8]

    private static let headerSize = 9
    private static let pingType: UInt8 = 6
    private static let ackFlag: UInt8 = 1

    private var header: [UInt8] = []
    private var payloadLeft = 0
    private var ping: Payload?

    /// Consumes `bytes`; returns what goes on up the pipeline and the PINGs that were taken out.
    mutating func filter(_ bytes: ByteBuffer) -> (passed: ByteBuffer, pings: [Payload]) {
        var input = bytes
        var passed = ByteBufferAllocator().buffer(capacity: input.readableBytes + Self.headerSize)
        var pings: [Payload] = []
        while input.readableBytes > 0 {
            if payloadLeft == 0 && ping == nil {
                readHeader(from: &input, passing: &passed)
            } else if let done = readPayload(from: &input, passing: &passed) {
                pings.append(done)
            }
        }
        return (passed, pings)
    }

    private mutating func readHeader(from input: inout ByteBuffer, passing passed: inout ByteBuffer) {
        let wanted = min(Self.headerSize - header.count, input.readableBytes)
        header += input.readBytes(length: wanted) ?? []
        guard header.count == Self.headerSize else { return }
        let length = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
        if header[3] == Self.pingType, header[4] & Self.ackFlag == 0, length == 8 {
            ping = []
        } else {
            passed.writeBytes(header)
        }
        payloadLeft = length
        header = []
    }

    private mutating func readPayload(from input: inout ByteBuffer, passing passed: inout ByteBuffer) -> Payload? {
        guard var part = input.readSlice(length: min(payloadLeft, input.readableBytes)) else { return nil }
        payloadLeft -= part.readableBytes
        guard let begun = ping else {
            passed.writeBuffer(&part)
            return nil
        }
        let all = begun + (part.readBytes(length: part.readableBytes) ?? [])
        ping = payloadLeft == 0 ? nil : all
        return payloadLeft == 0 ? all : nil
    }

    /// The frame that answers a PING.
    static func acknowledgement(of payload: Payload) -> [UInt8] {
        [0, 0, 8, pingType, ackFlag, 0, 0, 0, 0] + payload
    }
}

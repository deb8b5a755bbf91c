package import APIProtocol

/// What a peer says in SPDY/3.1. Frames that mean nothing here (SETTINGS, WINDOW_UPDATE, unknown ones) are not told.
package enum SPDYFrame: Sendable, Hashable {
    /// The peer opens a stream; with `isLast` it sends nothing on it.
    case open(UInt32, headers: HTTPFields, isLast: Bool)
    /// The peer accepts our stream.
    case reply(UInt32, isLast: Bool)
    /// Bytes on a stream; a long frame comes in pieces, and the last piece may be empty.
    case data(UInt32, [UInt8], isLast: Bool)
    /// The peer gives a stream up.
    case reset(UInt32)
    /// The peer wants an answer with the same number.
    case ping(UInt32)
    /// The peer ends the connection.
    case goAway
}

/// Why a connection cannot go on: the peer breaks the protocol or a limit.
package struct SPDYError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong.
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Why a stream is given up, as RST_STREAM says it.
package enum SPDYResetReason: UInt32, Sendable {
    /// Its header makes no sense here.
    case protocolError = 1
    /// There are too many.
    case refused = 3
    /// It is no longer wanted.
    case cancelled = 5
}

/// The numbers of the wire (draft-mbelshe-httpbis-spdy-00, 2.6).
enum SPDYWire {
    static let version = 3
    static let headerLength = 8
    static let lastFlag: UInt8 = 1
    static let streamMask: UInt32 = 0x7FFF_FFFF

    enum ControlType {
        static let synStream = 1
        static let synReply = 2
        static let reset = 3
        static let ping = 6
        static let goAway = 7
        static let headers = 8
    }

    /// A control frame.
    static func control(_ type: Int, flags: UInt8 = 0, _ payload: [UInt8]) -> [UInt8] {
        [0x80, UInt8(version), 0, UInt8(truncatingIfNeeded: type)] + flagsAndLength(flags, payload.count) + payload
    }

    /// A data frame; `bytes` are fewer than 16 MiB.
    static func data(_ stream: UInt32, isLast: Bool, _ bytes: some Collection<UInt8>) -> [UInt8] {
        number(stream & streamMask) + flagsAndLength(isLast ? lastFlag : 0, bytes.count) + bytes
    }

    /// Four bytes, the highest first.
    static func number(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

    /// The number in the four bytes at `position`, which are there.
    static func number(_ bytes: some RandomAccessCollection<UInt8>) -> UInt32 {
        bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func flagsAndLength(_ flags: UInt8, _ length: Int) -> [UInt8] {
        [flags, UInt8(truncatingIfNeeded: length >> 16), UInt8(truncatingIfNeeded: length >> 8)]
            + [UInt8(truncatingIfNeeded: length)]
    }
}

package import ObjectModel
internal import Synchronization

/// One event of a watch.
package struct WatchEvent: Sendable, Equatable {
    /// The kind of an event.
    package enum Kind: String, Sendable {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
        case bookmark = "BOOKMARK"
        case error = "ERROR"
    }

    /// What happened.
    package let kind: Kind
    /// The object (for a bookmark only its resourceVersion, for an error a Status).
    package let object: Value

    /// An event.
    package init(kind: Kind, object: Value) {
        self.kind = kind
        self.object = object
    }
}

extension WatchEvent {
    /// An event from its line; nil when it is none.
    init?(line: [UInt8]) {
        guard let value = try? JSON.parse(line), let kind = value["type"]?.string.flatMap(Kind.init),
            let object = value["object"]
        else { return nil }
        self.init(kind: kind, object: object)
    }
}

/// A watch as its reader sees it, whether its events come as they are or as lines of JSON in a byte stream. One reader.
package final class WatchStream {
    private let stream: EventStream
    private var events: ArraySlice<WatchEvent> = []

    init(_ stream: EventStream) { self.stream = stream }

    init(_ stream: ByteStream) {
        let lines = WatchLines(stream)
        self.stream = EventStream(next: { try await lines.next() }, cancel: stream.cancel)
    }

    /// The next event; nil when the server ended the watch. An ERROR event is thrown as its Status.
    package func next() async throws(APIError) -> WatchEvent? {
        while events.isEmpty {
            let piece: [WatchEvent]?
            do {
                piece = try await stream.next()
            } catch {
                throw .transport(error as? TransportError ?? .lostReply("\(error)"))
            }
            guard let piece else { return nil }
            events = piece[...]
        }
        let event = events.removeFirst()
        if event.kind == .error {
            throw .status(APIStatus(event.object) ?? APIStatus(code: 500, reason: .unknown, message: "watch failed"))
        }
        return event
    }

    /// Ends the watch.
    package func cancel() { stream.cancel() }
}

/// Cuts the lines of a watch out of a byte stream. One reader.
final class WatchLines: Sendable {
    /// The longest line that is accepted.
    static let maximumLine = 16 << 20

    private let stream: ByteStream
    private let rest = Mutex<[UInt8]>([])

    /// The lines of `stream`.
    init(_ stream: ByteStream) { self.stream = stream }

    /// The events of the next piece; nil at the end. Throws a `TransportError` for what is no event.
    func next() async throws -> [WatchEvent]? {
        guard let piece = try await stream.next() else { return nil }
        let lines = rest.withLock { Self.cut(piece, &$0) }
        guard rest.withLock({ $0.count <= Self.maximumLine }) else {
            throw TransportError.lostReply("an event is longer than \(Self.maximumLine) bytes")
        }
        return try lines.map { line in
            guard let event = WatchEvent(line: line) else {
                throw TransportError.lostReply("a line of the watch is no event")
            }
            return event
        }
    }

    private static func cut(_ piece: [UInt8], _ buffer: inout [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var start = 0
        for (position, byte) in piece.enumerated() where byte == 0x0A {
            buffer.append(contentsOf: piece[start..<position])
            if !buffer.isEmpty { lines.append(buffer) }
            buffer = []
            start = position + 1
        }
        buffer.append(contentsOf: piece[start...])
        return lines
    }
}

extension ByteStream {
    /// A stream of one piece.
    package init(once bytes: [UInt8]) {
        let state = OnceState(bytes)
        self.init(next: { state.take() })
    }
}

private final class OnceState: Sendable {
    private let bytes: Mutex<[UInt8]?>
    init(_ bytes: [UInt8]) { self.bytes = Mutex(bytes) }
    func take() -> [UInt8]? {
        bytes.withLock { bytes in
            defer { bytes = nil }
            return bytes
        }
    }
}

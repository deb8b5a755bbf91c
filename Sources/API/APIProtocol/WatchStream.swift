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

/// A watch as its reader sees it: lines of JSON cut out of a byte stream. One reader.
package final class WatchStream {
    private let stream: ByteStream
    private var buffer: [UInt8] = []
    private var lines: [[UInt8]] = []

    /// The longest line that is accepted.
    package static let maximumLine = 16 << 20

    init(_ stream: ByteStream) { self.stream = stream }

    /// The next event; nil when the server ended the watch. An ERROR event is thrown as its Status.
    package func next() async throws(APIError) -> WatchEvent? {
        while lines.isEmpty {
            let piece: [UInt8]?
            do {
                piece = try await stream.next()
            } catch {
                throw .transport(.lostReply("\(error)"))
            }
            guard let piece else { return nil }
            cut(piece)
            guard buffer.count <= Self.maximumLine else {
                throw .transport(.lostReply("an event is longer than \(Self.maximumLine) bytes"))
            }
        }
        let line = lines.removeFirst()
        guard let value = try? JSON.parse(line), let kind = value["type"]?.string.flatMap(WatchEvent.Kind.init),
            let object = value["object"]
        else { throw .transport(.lostReply("a line of the watch is no event")) }
        if kind == .error {
            throw .status(APIStatus(object) ?? APIStatus(code: 500, reason: .unknown, message: "watch failed"))
        }
        return WatchEvent(kind: kind, object: object)
    }

    /// Ends the watch.
    package func cancel() { stream.cancel() }

    private func cut(_ piece: [UInt8]) {
        var start = 0
        for (position, byte) in piece.enumerated() where byte == 0x0A {
            buffer.append(contentsOf: piece[start..<position])
            if !buffer.isEmpty { lines.append(buffer) }
            buffer = []
            start = position + 1
        }
        buffer.append(contentsOf: piece[start...])
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

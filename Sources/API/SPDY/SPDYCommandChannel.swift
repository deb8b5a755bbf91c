package import APIProtocol
internal import Synchronization

/// The streams of one exec or attach over SPDY (`v4.channel.k8s.io`) as the channel of messages that a WebSocket of
/// `v5.channel.k8s.io` would be, so that a handler does not know which of the two it serves.
package final class SPDYCommandChannel: MessageChannel {
    private typealias Channel = RemoteCommandFraming.Channel

    private struct State {
        var streams: [Channel: UInt32] = [:]
        var messages: ArraySlice<[UInt8]> = []
        var resizeText: [UInt8] = []
    }

    /// The most streams a client may have open; it needs five.
    private static let maximumStreams = 8
    /// How many bytes a client may send before it has opened all streams; more cuts it off.
    private static let mostEarly = 256 << 10
    /// The longest terminal size, in bytes.
    private static let longestSize = 1024

    private let connection: SPDYConnection
    private let state = Mutex(State())

    private init(_ connection: SPDYConnection) { self.connection = connection }

    /// Waits until the client has opened all streams of `channels`, at most 30 seconds by `sleep` (as kubelet does);
    /// nil, and the connection closed, when it did not, or sent more than 256 KiB before.
    package static func open(
        on bytes: any MessageChannel, channels: Set<RemoteCommandFraming.Channel>,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) async -> SPDYCommandChannel? {
        guard let connection = try? SPDYConnection(.server, on: bytes, maximumStreams: maximumStreams) else {
            return nil
        }
        let channel = SPDYCommandChannel(connection)
        let isOpen = await withTaskGroup(of: Bool.self) { group in
            group.addTask { await channel.opened(channels) }
            group.addTask {
                try? await sleep(.seconds(30))
                return false
            }
            let first = await group.next() ?? false
            if !first { await connection.close() }
            group.cancelAll()
            return first
        }
        return isOpen ? channel : nil
    }

    private func opened(_ channels: Set<RemoteCommandFraming.Channel>) async -> Bool {
        while !channels.isSubset(of: state.withLock { Set($0.streams.keys) }) {
            guard (try? await pull()) == true else { return false }
            guard state.withLock({ $0.messages.reduce(0) { $0 + $1.count } }) <= Self.mostEarly else { return false }
        }
        return true
    }

    package func receive() async throws -> [UInt8]? {
        while true {
            if let message = state.withLock({ $0.messages.popFirst() }) { return message }
            guard try await pull() else { return nil }
        }
    }

    package func send(_ message: [UInt8]) async throws {
        // What the client did not ask for goes nowhere.
        guard let stream = stream(of: message) else { return }
        try await connection.send(Array(message.dropFirst()), on: stream)
    }

    package func close(sending last: [UInt8]) async {
        await connection.close(sending: Array(last.dropFirst()), on: stream(of: last))
    }

    package func untilClosed() async { await connection.untilClosed() }

    private func stream(of message: [UInt8]) -> UInt32? {
        guard let channel = message.first.flatMap(Channel.init(rawValue:)) else { return nil }
        return state.withLock { $0.streams[channel] }
    }

    /// Reads once from the network; false when the client is gone.
    private func pull() async throws -> Bool {
        guard let events = try await connection.events() else { return false }
        for event in events {
            switch event {
            case .opened(let stream, let headers): try await opened(stream, headers)
            case .data(let stream, let bytes):
                guard state.withLock({ Self.take(bytes, of: stream, &$0) }) else {
                    await close()
                    throw SPDYError("a terminal size is too long")
                }
            case .ended(let stream), .reset(let stream):
                state.withLock { state in
                    guard stream == state.streams[.stdin] else { return }
                    state.messages.append(RemoteCommandFraming.end(.stdin))
                }
            case .accepted, .goneAway: break
            }
        }
        return true
    }

    private func opened(_ stream: UInt32, _ headers: HTTPFields) async throws {
        let type = headers["streamtype"] ?? ""
        let isNew = state.withLock { state in
            guard let channel = Channel.allCases.first(where: { $0.streamType == type }),
                state.streams[channel] == nil
            else { return false }
            state.streams[channel] = stream
            return true
        }
        if isNew { try await connection.accept(stream) } else { try await connection.reset(stream, .protocolError) }
    }

    /// Turns bytes into messages; false when a limit is passed.
    private static func take(_ bytes: [UInt8], of stream: UInt32, _ state: inout State) -> Bool {
        if stream == state.streams[.stdin] {
            state.messages.append(RemoteCommandFraming.message(.stdin, bytes))
        } else if stream == state.streams[.resize] {
            // Sizes are JSON objects without a frame of their own.
            for byte in bytes {
                state.resizeText.append(byte)
                guard byte == UInt8(ascii: "}") else { continue }
                state.messages.append(RemoteCommandFraming.message(.resize, state.resizeText))
                state.resizeText = []
            }
        }
        return state.resizeText.count <= longestSize
    }
}

internal import APIProtocol
internal import ObjectModel
internal import SPDY
internal import Synchronization

/// A connection to a container's first process through containerd, which owns its pipes.
///
/// `close` leaves the container running. Without a terminal and with `stdinOnce`, containerd then closes its input.
final class ContainerdAttachSession: ExecSession {
    private typealias Channel = RemoteCommandFraming.Channel

    private struct State {
        var outputs: [ExecOutput] = []
        var status: [UInt8] = []
        var open: Set<UInt32>
        var isFinished = false
    }

    /// The longest final status, in bytes.
    private static let longestStatus = 64 << 10

    private let connection: SPDYConnection
    private let streams: [Channel: UInt32]
    private let state: Mutex<State>

    private init(_ connection: SPDYConnection, _ streams: [Channel: UInt32]) {
        self.connection = connection
        self.streams = streams
        let outputs = [Channel.status, .stdout, .stderr].compactMap { streams[$0] }
        state = Mutex(State(open: Set(outputs)))
    }

    /// Connects to the streaming server for `request`.
    static func start(_ request: AttachRequest, tty: Bool, url: StreamingURL) async throws -> ContainerdAttachSession {
        var channels: [Channel] = [.status]
        if request.stdin { channels.append(.stdin) }
        if request.stdout { channels.append(.stdout) }
        if request.stderr, !tty { channels.append(.stderr) }
        if tty { channels.append(.resize) }
        let opened = try await StreamingServer.open(
            url, streamProtocol: RemoteCommandFraming.streamProtocol,
            streams: channels.map { HTTPFields([("streamtype", $0.streamType)]) })
        let session = ContainerdAttachSession(
            opened.connection, Dictionary(uniqueKeysWithValues: zip(channels, opened.streams)))
        session.take(opened.early)
        return session
    }

    func receive() async throws -> ExecOutput? {
        while true {
            if let output = state.withLock({ $0.outputs.isEmpty ? nil : $0.outputs.removeFirst() }) { return output }
            if state.withLock({ $0.open.isEmpty }) { return end() }
            // A connection that breaks tells no more than one that ends.
            guard let events = try? await connection.events() else { return end() }
            take(events)
        }
    }

    private func take(_ events: [SPDYSession.Event]) {
        state.withLock { state in
            for event in events { take(event, &state) }
        }
    }

    private func take(_ event: SPDYSession.Event, _ state: inout State) {
        switch event {
        case .data(let stream, let bytes):
            if stream == streams[.stdout] { state.outputs.append(.stdout(bytes)) }
            if stream == streams[.stderr] { state.outputs.append(.stderr(bytes)) }
            if stream == streams[.status], state.status.count < Self.longestStatus { state.status += bytes }
        case .ended(let stream), .reset(let stream): state.open.remove(stream)
        case .opened, .accepted, .goneAway: break
        }
    }

    private func end() -> ExecOutput? {
        let status: [UInt8]? = state.withLock { state in
            defer { state.isFinished = true }
            return state.isFinished ? nil : state.status
        }
        guard let status else { return nil }
        let told = try? JSON.parse(status)
        if told?["status"] == "Success" { return .exit(code: 0, message: "") }
        return .exit(code: nil, message: told?["message"]?.string ?? "the runtime ended the connection")
    }

    func send(_ input: ExecInput) async throws {
        switch input {
        case .stdin(let bytes):
            if let stream = streams[.stdin] { try await connection.send(bytes, on: stream) }
        case .endOfInput:
            if let stream = streams[.stdin] { try await connection.end(stream) }
        case .resize(let width, let height):
            guard let stream = streams[.resize] else { return }
            let size = JSON.write(["Width": .integer(Int64(width)), "Height": .integer(Int64(height))])
            try await connection.send(size, on: stream)
        }
    }

    func close() async { await connection.close() }
}

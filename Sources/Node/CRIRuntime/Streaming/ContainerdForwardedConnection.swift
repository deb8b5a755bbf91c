internal import APIProtocol
internal import ObjectModel
internal import SPDY
internal import Synchronization

/// A TCP connection into a sandbox, made by containerd in the sandbox's network.
final class ContainerdForwardedConnection: ForwardedConnection {
    private struct State {
        var pieces: [[UInt8]] = []
        var failure: [UInt8] = []
        var open: Set<UInt32>
    }

    /// The longest reason of a failure, in bytes.
    private static let longestFailure = 4096
    private static let streamProtocol = "portforward.k8s.io"

    private let connection: SPDYConnection
    private let data: UInt32
    private let error: UInt32
    private let state: Mutex<State>

    private init(_ connection: SPDYConnection, error: UInt32, data: UInt32) {
        self.connection = connection
        self.data = data
        self.error = error
        state = Mutex(State(open: [error, data]))
    }

    static func start(port: Int, url: StreamingURL) async throws -> ContainerdForwardedConnection {
        let fields = ["error", "data"].map {
            HTTPFields([("streamtype", $0), ("port", String(port)), ("requestid", "0")])
        }
        let opened = try await StreamingServer.open(url, streamProtocol: streamProtocol, streams: fields)
        let forwarded = ContainerdForwardedConnection(
            opened.connection, error: opened.streams[0], data: opened.streams[1])
        forwarded.take(opened.early)
        do {
            try await opened.connection.end(opened.streams[0])
        } catch {
            await forwarded.close()
            throw error
        }
        return forwarded
    }

    func receive() async throws -> [UInt8]? {
        while true {
            if let piece = state.withLock({ $0.pieces.isEmpty ? nil : $0.pieces.removeFirst() }) { return piece }
            if state.withLock({ $0.open.isEmpty }) { return try end() }
            guard let events = try await connection.events() else { return try end() }
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
            if stream == data { state.pieces.append(bytes) }
            if stream == error, state.failure.count < Self.longestFailure { state.failure += bytes }
        case .ended(let stream), .reset(let stream): state.open.remove(stream)
        case .opened, .accepted, .goneAway: break
        }
    }

    private func end() throws -> [UInt8]? {
        let failure = state.withLock { $0.failure }
        guard failure.isEmpty else {
            throw APIStatus(code: 500, reason: .internalError, message: String(decoding: failure, as: UTF8.self))
        }
        return nil
    }

    func send(_ bytes: [UInt8]) async throws { try await connection.send(bytes, on: data) }
    func endOfInput() async throws { try await connection.end(data) }
    func close() async { await connection.close() }
}

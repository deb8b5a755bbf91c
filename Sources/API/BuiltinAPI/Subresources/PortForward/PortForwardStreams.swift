internal import APIProtocol
internal import SPDY
internal import Synchronization

/// Port-forward over SPDY: for each connection the client opens a stream for the data and one for an error, which name
/// the same request and port.
///
/// Limits: 512 open streams, `PacedPipe.limit` bytes for a pod that does not read (or for a connection whose error
/// stream is still to come); then nothing more is read from the client, for its other connections neither (as with
/// upstream's library). A stream without its partner is refused when 64 others wait for theirs.
enum PortForwardStreams {
    private struct Pair {
        var port: Int
        var error: UInt32?
        var data: UInt32?
        /// What the client sends on the data stream.
        let input = PacedPipe()
    }

    private static let maximumStreams = 512
    private static let mostIncomplete = 64

    /// Serves the client until it goes.
    static func run(_ bytes: any MessageChannel, _ forwarder: PortForwarder) async {
        guard let connection = try? SPDYConnection(.server, on: bytes, maximumStreams: maximumStreams) else { return }
        let inputs = OpenInputs()
        await withDiscardingTaskGroup { group in
            group.addTask {
                // Seen even while a pod does not read, and so nothing is received.
                await connection.untilClosed()
                inputs.abortAll()
            }
            var pairs: [String: Pair] = [:]
            // An error ends the connection as its end does.
            while let events = try? await connection.events() {
                for event in events {
                    guard let pair = await take(event, &pairs, inputs, connection) else { continue }
                    group.addTask { await serve(pair, inputs, connection, forwarder) }
                }
            }
            inputs.abortAll()
            group.cancelAll()
        }
        await connection.close()
    }

    /// Does what an event asks for; the pair that is complete with it.
    private static func take(
        _ event: SPDYSession.Event, _ pairs: inout [String: Pair], _ inputs: OpenInputs, _ connection: SPDYConnection
    ) async -> Pair? {
        switch event {
        case .opened(let stream, let headers):
            // When the answer cannot be sent, the next events tell the end.
            return try? await opened(stream, headers, &pairs, inputs, connection)
        case .data(let stream, let bytes): await inputs[stream]?.write(bytes)
        case .ended(let stream): inputs.remove(stream)?.end()
        case .reset(let stream):
            inputs.remove(stream)?.abort()
            pairs = pairs.filter { $0.value.error != stream && $0.value.data != stream }
        case .accepted, .goneAway: break
        }
        return nil
    }

    /// Accepts a stream and adds it to its pair; the pair when it is complete with it.
    private static func opened(
        _ stream: UInt32, _ headers: HTTPFields, _ pairs: inout [String: Pair], _ inputs: OpenInputs,
        _ connection: SPDYConnection
    ) async throws -> Pair? {
        let type = headers["streamtype"]
        guard let port = headers["port"].flatMap(PortForwarder.port), type == "error" || type == "data" else {
            try await connection.reset(stream, .protocolError)
            return nil
        }
        // Clients that name no request open the error stream and then the data stream.
        let request = headers["requestid"] ?? "stream \(type == "data" ? Int(stream) - 2 : Int(stream))"
        var pair = pairs[request] ?? Pair(port: port)
        guard (type == "data" ? pair.data : pair.error) == nil, pairs[request] != nil || pairs.count < mostIncomplete
        else {
            try await connection.reset(stream, .refused)
            return nil
        }
        if type == "data" {
            pair.data = stream
            inputs.add(stream, pair.input)
        } else {
            pair.error = stream
        }
        pair.port = port
        let isComplete = pair.data != nil && pair.error != nil
        pairs[request] = isComplete ? nil : pair
        try await connection.accept(stream)
        return isComplete ? pair : nil
    }

    private static func serve(
        _ pair: Pair, _ inputs: OpenInputs, _ connection: SPDYConnection, _ forwarder: PortForwarder
    ) async {
        guard let data = pair.data, let error = pair.error else { return }
        let failure = await forwarder.forward(port: pair.port, input: pair.input) {
            try await connection.send($0, on: data)
        }
        inputs.remove(data)?.abort()
        // A client that is gone needs no farewell.
        if let failure { try? await connection.send(Array(failure.utf8), on: error) }
        for stream in [data, error] {
            try? await connection.end(stream)
            // With a failure the client's bytes are of no use any more.
            if failure != nil { try? await connection.reset(stream, .cancelled) }
        }
    }
}

/// What the client sends, by the number of the stream, until either side of a connection ends.
private final class OpenInputs: Sendable {
    private struct State {
        var pipes: [UInt32: PacedPipe] = [:]
        var isOver = false
    }

    private let state = Mutex(State())

    subscript(stream: UInt32) -> PacedPipe? { state.withLock { $0.pipes[stream] } }

    func add(_ stream: UInt32, _ pipe: PacedPipe) {
        let isOver = state.withLock { state in
            if !state.isOver { state.pipes[stream] = pipe }
            return state.isOver
        }
        if isOver { pipe.abort() }
    }

    @discardableResult
    func remove(_ stream: UInt32) -> PacedPipe? { state.withLock { $0.pipes.removeValue(forKey: stream) } }

    /// Aborts all, and every one that is added later.
    func abortAll() {
        let pipes = state.withLock { state in
            defer { state.pipes = [:] }
            state.isOver = true
            return Array(state.pipes.values)
        }
        for pipe in pipes { pipe.abort() }
    }
}

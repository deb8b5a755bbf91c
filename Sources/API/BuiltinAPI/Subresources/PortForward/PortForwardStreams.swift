internal import APIProtocol
internal import SPDY
internal import Synchronization

/// Port-forward over SPDY: for each connection the client opens a stream for the data and one for an error, which name
/// the same request and port.
///
/// Limits: 512 open streams, `PacedPipe.limit` bytes for a pod that does not read; then nothing more is read from the
/// client, for its other connections neither (as with upstream's library). A stream without its partner is refused when
/// 64 others wait for theirs.
enum PortForwardStreams {
    private struct Pair {
        var port: Int
        var error: UInt32?
        var data: UInt32?
    }

    private static let maximumStreams = 512
    private static let mostIncomplete = 64

    /// Serves the client until it goes.
    static func run(_ bytes: any MessageChannel, _ forwarder: PortForwarder) async {
        guard let connection = try? SPDYConnection(.server, on: bytes, maximumStreams: maximumStreams) else { return }
        await withTaskGroup(of: UInt32?.self) { group in
            var pairs: [String: Pair] = [:]
            var pipes: [UInt32: PacedPipe] = [:]
            // An error ends the connection as its end does.
            while let events = try? await connection.events() {
                for event in events {
                    switch event {
                    case .opened(let stream, let headers):
                        guard let pair = try? await take(stream, headers, &pairs, connection),
                            let data = pair.data, let error = pair.error
                        else { continue }
                        let pipe = PacedPipe()
                        pipes[data] = pipe
                        group.addTask {
                            await serve(pair.port, data: data, error: error, pipe, connection, forwarder)
                            return data
                        }
                    case .data(let stream, let bytes): await pipes[stream]?.write(bytes)
                    case .ended(let stream): pipes.removeValue(forKey: stream)?.end()
                    case .reset(let stream): pipes.removeValue(forKey: stream)?.abort()
                    case .accepted, .goneAway: break
                    }
                }
            }
            for pipe in pipes.values { pipe.abort() }
            group.cancelAll()
        }
        await connection.close()
    }

    /// Accepts a stream and adds it to its pair; the pair when it is complete with it.
    private static func take(
        _ stream: UInt32, _ headers: HTTPFields, _ pairs: inout [String: Pair], _ connection: SPDYConnection
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
        if type == "data" { pair.data = stream } else { pair.error = stream }
        pair.port = port
        let isComplete = pair.data != nil && pair.error != nil
        pairs[request] = isComplete ? nil : pair
        try await connection.accept(stream)
        return isComplete ? pair : nil
    }

    private static func serve(
        _ port: Int, data: UInt32, error: UInt32, _ pipe: PacedPipe, _ connection: SPDYConnection,
        _ forwarder: PortForwarder
    ) async {
        let failure = await forwarder.forward(port: port, input: pipe) { try await connection.send($0, on: data) }
        // A client that is gone needs no farewell.
        if let failure { try? await connection.send(Array(failure.utf8), on: error) }
        for stream in [data, error] {
            try? await connection.end(stream)
            // With a failure the client's bytes are of no use any more.
            if failure != nil { try? await connection.reset(stream, .cancelled) }
        }
    }
}

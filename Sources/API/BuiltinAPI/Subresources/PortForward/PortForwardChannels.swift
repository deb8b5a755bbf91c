internal import APIProtocol

/// Port-forward over a WebSocket of `v4.channel.k8s.io`: one connection for each port asked for. Message channel 2n
/// carries the data of port n, 2n+1 its error; the first message of the server on each is the port, low byte first.
enum PortForwardChannels {
    /// The most ports of a request: a channel is a byte.
    static let mostPorts = 128

    /// Serves the client until every connection has ended, or it goes.
    static func run(_ channel: any MessageChannel, _ ports: [Int], _ forwarder: PortForwarder) async {
        let pipes = ports.map { _ in PacedPipe() }
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await read(channel, into: pipes)
                return true
            }
            group.addTask {
                // Seen even while a pod does not read, and so nothing is received.
                await channel.untilClosed()
                return true
            }
            for (number, port) in ports.enumerated() {
                group.addTask {
                    await serve(port, UInt8(2 * number), pipes[number], channel, forwarder)
                    return false
                }
            }
            var left = ports.count
            while left > 0, await group.next() == false { left -= 1 }
            for pipe in pipes { pipe.abort() }
            group.cancelAll()
        }
        await channel.close()
    }

    private static func read(_ channel: any MessageChannel, into pipes: [PacedPipe]) async {
        while let message = try? await channel.receive() {
            guard let number = message.first.map(Int.init), number % 2 == 0, number / 2 < pipes.count else { continue }
            await pipes[number / 2].write(Array(message.dropFirst()))
        }
    }

    private static func serve(
        _ port: Int, _ number: UInt8, _ pipe: PacedPipe, _ channel: any MessageChannel, _ forwarder: PortForwarder
    ) async {
        let portBytes = [UInt8(truncatingIfNeeded: port), UInt8(truncatingIfNeeded: port >> 8)]
        // A client that is gone needs nothing.
        try? await channel.send([number] + portBytes)
        try? await channel.send([number + 1] + portBytes)
        let failure = await forwarder.forward(port: port, input: pipe) { try await channel.send([number] + $0) }
        if let failure { try? await channel.send([number + 1] + failure.utf8) }
    }
}

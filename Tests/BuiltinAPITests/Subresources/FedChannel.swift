import APIProtocol
import SPDY
import Synchronization

/// A channel whose client sends given messages, keeps what it gets, and goes when a test has seen what it waits for.
final class FedChannel: MessageChannel {
    private struct State {
        var messages: [[UInt8]]
        var received: [[UInt8]] = []
    }

    private let state: Mutex<State>
    private let arrivals = AsyncStream.makeStream(of: Void.self)
    private let gone = Gate()

    init(_ messages: [[UInt8]]) { state = Mutex(State(messages: messages)) }

    var received: [[UInt8]] { state.withLock { $0.received } }

    func receive() async throws -> [UInt8]? {
        if let next = state.withLock({ $0.messages.isEmpty ? nil : $0.messages.removeFirst() }) { return next }
        await untilClosed()
        return nil
    }

    func send(_ message: [UInt8]) async throws {
        state.withLock { $0.received.append(message) }
        arrivals.continuation.yield()
    }

    func close(sending last: [UInt8]) async {
        if !last.isEmpty { try? await send(last) }
        gone.open()
        arrivals.continuation.finish()
    }

    func untilClosed() async {
        await withTaskCancellationHandler {
            await gone.wait()
        } onCancel: {
            gone.open()
        }
    }

    /// The client goes.
    func go() { gone.open() }

    /// Waits until the messages received satisfy `condition` or the server has closed; then the client goes.
    func waitUntil(_ condition: ([[UInt8]]) -> Bool) async {
        for await _ in arrivals.stream where condition(received) { break }
        gone.open()
    }

    /// What a SPDY client saw until `condition` held.
    func events(
        of client: sending SPDYSession, until condition: ([SPDYSession.Event]) -> Bool
    ) async throws -> [SPDYSession.Event] {
        var client = client
        var events: [SPDYSession.Event] = []
        var taken = 0
        for await _ in arrivals.stream {
            for message in received.dropFirst(taken) {
                events += try client.receive(message).events
                taken += 1
            }
            if condition(events) { break }
        }
        gone.open()
        return events
    }
}

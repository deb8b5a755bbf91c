internal import APIProtocol
internal import ControllerRuntime
internal import ObjectModel
internal import Synchronization

/// Carries requests to the server. A request on its way arrives even when its sender has crashed meanwhile, as on a real
/// network: the write of a former leader can come after those of the next.
final class SimulatedNetwork: Sendable {
    /// One request on its way, and the place where its sender waits.
    final class Message: Sendable {
        let request: APIRequest
        let sender: String
        let delay: Duration
        private let state = Mutex<State>(.waiting(nil))

        private enum State {
            case waiting(CheckedContinuation<Result<APIResponse, TransportError>, Never>?)
            case answered(Result<APIResponse, TransportError>)
        }

        init(_ request: APIRequest, from sender: String, delay: Duration) {
            self.request = request
            self.sender = sender
            self.delay = delay
        }

        func answer(_ result: Result<APIResponse, TransportError>) {
            let continuation = state.withLock {
                state -> CheckedContinuation<Result<APIResponse, TransportError>, Never>? in
                guard case .waiting(let continuation) = state else { return nil }
                state = .answered(result)
                return continuation
            }
            continuation?.resume(returning: result)
        }

        func reply() async throws(TransportError) -> APIResponse {
            let result = await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let known = state.withLock { state -> Result<APIResponse, TransportError>? in
                        if case .answered(let result) = state { return result }
                        state = .waiting(continuation)
                        return nil
                    }
                    if let known { continuation.resume(returning: known) }
                }
            } onCancel: {
                answer(.failure(.cancelled))
            }
            return try result.get()
        }
    }

    /// Whose request the server works on now: the store's observer asks.
    @TaskLocal static var sender = ""

    private let clock: VirtualClock
    private let server: @Sendable () -> (any APITransport)?
    private let waiting = Mutex<[Message]>([])
    private let signal = Signal()

    /// A network to the server that `server` gives, nil while it is down.
    init(clock: VirtualClock, server: @escaping @Sendable () -> (any APITransport)?) {
        self.clock = clock
        self.server = server
    }

    /// Sends a request and waits for its reply.
    func send(_ message: Message) async throws(TransportError) -> APIResponse {
        waiting.withLock { $0.append(message) }
        signal.give()
        return try await message.reply()
    }

    /// Carries messages until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let messages = waiting.withLock { waiting in
                    defer { waiting = [] }
                    return waiting
                }
                for message in messages { group.addTask { await self.carry(message) } }
                if messages.isEmpty { await signal.wait() }
            }
        }
    }

    private func carry(_ message: Message) async {
        if message.delay > .zero {
            guard (try? await clock.sleep(message.delay)) != nil else { return message.answer(.failure(.cancelled)) }
        }
        guard let server = server() else { return message.answer(.failure(.unreachable("the server is down"))) }
        let result = await Self.$sender.withValue(message.sender) { () async -> Result<APIResponse, TransportError> in
            do throws(TransportError) {
                return .success(try await server.send(message.request))
            } catch {
                return .failure(error)
            }
        }
        message.answer(result)
    }
}

import APIProtocol
import ObjectModel
import Synchronization
import Testing

@testable import ControllerRuntime

/// An API whose first list asks for another one and whose watches never end.
private final class RelistTransport: APITransport {
    private let cache: ObjectCache<Thing>
    private let lists = Mutex(0)
    let isListedAgain = Signal()

    init(_ cache: ObjectCache<Thing>) { self.cache = cache }

    func send(_ request: APIRequest) async throws(TransportError) -> APIResponse {
        guard !request.queryFlag("watch") else {
            await Signal().wait()
            throw .cancelled
        }
        let number = lists.withLock { lists in
            lists += 1
            return lists
        }
        if number == 1 {
            // The request comes while the list is under way, and its signal goes to somebody else.
            _ = cache.requestRelist()
            await cache.relistSignal.wait()
        } else {
            isListedAgain.give()
        }
        return .json(["metadata": ["resourceVersion": .string("\(number)")], "items": []])
    }
}

@Suite struct RelistTests {
    @Test(.timeLimit(.minutes(1)))
    func aCancelledWaiterLeavesTheSignalToTheNext() async {
        let signal = Signal()
        signal.give()
        await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await signal.wait()
        }.value
        await signal.wait()
    }

    @Test(.timeLimit(.minutes(1)))
    func aRequestForANewListIsNotLostWithItsSignal() async {
        let cache = ObjectCache<Thing>()
        let transport = RelistTransport(cache)
        let clock = ControlClock(
            now: { Timestamp(seconds: 0) }, uptime: { .zero }, sleep: { _ in throw CancellationError() },
            random: { 0 })
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await Informer(cache, client: APIClient(transport), clock: clock).run() }
            await transport.isListedAgain.wait()
            group.cancelAll()
        }
    }
}

import APIProtocol
import ControllerRuntime
import Kinds
import NodeInterfaces
import ObjectModel
import Synchronization
import Testing

@testable import NodeAgent

@Suite(.timeLimit(.minutes(1))) struct StatusPublisherTests {
    /// An API in which somebody else has written a phase just before the first patch comes.
    private final class Contended: APITransport {
        private let pod: Mutex<Value>
        private let patches = Mutex<[Value]>([])

        init(_ pod: Value) { self.pod = Mutex(pod) }

        var written: [Value] { patches.withLock { $0 } }

        func send(_ request: APIRequest) async throws(TransportError) -> APIResponse {
            guard request.method == .patch, let body = request.tree else { return .json(pod.withLock { $0 }) }
            let isOld = pod.withLock { pod in
                body["metadata", "resourceVersion"] != pod["metadata", "resourceVersion"]
            }
            if isOld { return .status(.conflict(GroupResource(group: "", resource: "pods"), name: "web-0", "changed")) }
            patches.withLock { $0.append(body) }
            return .json(pod.withLock { $0 })
        }
    }

    private func pod(_ version: String, phase: String) -> Value {
        [
            "metadata": ["name": "web-0", "namespace": "default", "uid": "u1", "resourceVersion": .string(version)],
            "spec": ["containers": [["name": "web", "image": "i"]]], "status": ["phase": .string(phase)],
        ]
    }

    private static let beginning: Value = [
        "phase": "Pending",
        "containerStatuses": [["name": "web", "state": ["waiting": ["reason": "ContainerCreating"]]]],
    ]

    /// The status of a start that is over at once is never written.
    @Test(arguments: [true, false]) func aBeginningWaitsALittleForWhatComesNext(_ isQuick: Bool) async {
        let transport = Contended(pod("7", phase: "Pending"))
        let (sleeps, sleeping) = AsyncStream.makeStream(of: Duration.self)
        let clock = ControlClock(
            now: { .systemNow() }, uptime: { .zero },
            sleep: { duration in
                sleeping.yield(duration)
                if isQuick { await Signal().wait() }
            }, random: { 0 })
        let publisher = StatusPublisher(
            AgentPod(pod("7", phase: "Pending")), client: APIClient(transport), clock: clock, news: { _ in })
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await publisher.run() }
            publisher.publish(Self.beginning)
            var slept = sleeps.makeAsyncIterator()
            #expect(await slept.next() == StatusPublisher.patience)
            if !isQuick { await publisher.flush() }
            publisher.publish(["phase": "Running"])
            await publisher.flush()
            group.cancelAll()
        }
        #expect(transport.written.last?["status", "phase"] == "Running")
        #expect(transport.written.count == (isQuick ? 1 : 2))
    }

    /// An eviction would be lost: whoever evicts a pod says so by its phase.
    @Test func aFinalPhaseOfOthersIsNotTakenBack() async {
        let transport = Contended(pod("9", phase: "Failed"))
        let publisher = StatusPublisher(
            AgentPod(pod("7", phase: "Pending")), client: APIClient(transport), clock: .system, news: { _ in })
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await publisher.run() }
            publisher.publish(["phase": "Running"])
            await publisher.flush()
            #expect(transport.written == [])
            publisher.publish(["phase": "Failed", "reason": "Evicted"])
            await publisher.flush()
            group.cancelAll()
        }
        #expect(transport.written.map { $0["status", "reason"] } == ["Evicted"])
    }
}

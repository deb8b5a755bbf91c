internal import GRPCCore
internal import Logging
internal import NodeInterfaces
internal import SwiftProtobuf
internal import Synchronization

/// containerd's event stream, read once and handed to every listener.
final class EventFeed: Sendable {
    /// How many events a listener may leave unread; past it the oldest are replaced by one that means every pod.
    static let limit = 256
    private static let hello = "/ordinal/hello"
    private static let start = "/tasks/start"
    private static let filter =
        #"namespace==k8s.io,topic~="^/(tasks/start|tasks/exit|tasks/oom|ordinal/hello)$""#

    private struct State {
        var nextListener = 0
        var listeners: [Int: AsyncStream<RuntimeEvent>.Continuation] = [:]
        var isSubscribed = false
    }

    private let connection: ContainerdConnection
    private let seen: SeenObjects
    private let runs: SandboxRuns
    private let logger: Logger
    private let state = Mutex(State())

    init(connection: ContainerdConnection, seen: SeenObjects, runs: SandboxRuns, logger: Logger) {
        self.connection = connection
        self.seen = seen
        self.runs = runs
        self.logger = logger
    }

    /// A new listener. When the subscription begins only later, an event without uid tells that.
    func listen() -> AsyncStream<RuntimeEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: RuntimeEvent.self, bufferingPolicy: .bufferingNewest(Self.limit))
        let number = state.withLock { state in
            state.nextListener += 1
            state.listeners[state.nextListener] = continuation
            return state.nextListener
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.listeners.removeValue(forKey: number) }
        }
        return stream
    }

    /// Subscribes, again and again when the stream ends, until the task is cancelled.
    func run() async {
        var pause = Duration.milliseconds(50)
        while !Task.isCancelled {
            do { try await subscribe() } catch {
                logger.debug("containerd's event stream ended", metadata: ["reason": "\(error)"])
            }
            pause = wasSubscribed() ? .milliseconds(50) : min(pause * 2, .seconds(2))
            endListeners()
            try? await Task.sleep(for: pause)
        }
        endListeners()
    }

    private func subscribe() async throws {
        var options = CallOptions.defaults
        options.waitForReady = true
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.greetUntilHeard() }
            try await connection.events.subscribe(
                .with { $0.filters = [Self.filter] }, options: options
            ) { response in
                try await withThrowingDiscardingTaskGroup { exits in
                    for try await envelope in response.messages { self.take(envelope, in: &exits) }
                }
            }
            group.cancelAll()
        }
    }

    /// containerd does not say when a subscription has begun: so our own event is published until it comes back.
    private func greetUntilHeard() async throws {
        let options = ContainerdConnection.options(.readCall)
        var pause = Duration.milliseconds(5)
        while !state.withLock({ $0.isSubscribed }) {
            _ = try await connection.events.publish(
                .with {
                    $0.topic = Self.hello
                    $0.event.typeURL = "ordinal.dev/hello"
                }, metadata: ContainerdConnection.metadata, options: options)
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }

    private func take(
        _ envelope: Containerd_Services_Events_V1_Envelope, in exits: inout ThrowingDiscardingTaskGroup<any Error>
    ) {
        if envelope.topic == Self.hello {
            let isNew = state.withLock { state in
                defer { state.isSubscribed = true }
                return !state.isSubscribed
            }
            if isNew { deliver(RuntimeEvent(podUID: nil)) }
            return
        }
        guard let event = try? Containerd_Services_Events_V1_TaskExit(serializedBytes: envelope.event.value) else {
            return
        }
        let id = event.containerID
        let isExit = envelope.topic == "/tasks/exit"
        // A command that was run in the container has ended, not the container.
        if isExit, event.id != id { return }
        let owner = seen.owner(of: id)
        if envelope.topic == Self.start, isOwnStart(id, owner) { return }
        guard isExit, let owner else {
            deliver(RuntimeEvent(podUID: owner?.podUID))
            // CRI may be behind, and of whom to ask is not known.
            if isExit { exits.addTask { await self.tellAgain() } }
            return
        }
        exits.addTask {
            await self.waitForExit(of: id, isSandbox: owner.isSandbox)
            self.deliver(RuntimeEvent(podUID: owner.podUID))
        }
    }

    /// Whether this process asked for a start, or may have: who asked looks at what came of it without being told.
    private func isOwnStart(_ id: String, _ owner: SeenObjects.Owner?) -> Bool {
        guard let owner else { return runs.mayExplain(id) }
        return owner.isSandbox || seen.isStartedHere(id)
    }

    private func tellAgain() async {
        try? await Task.sleep(for: .seconds(1))
        deliver(RuntimeEvent(podUID: nil))
    }

    /// Something has started that nobody knows.
    func tellOfUnknownStart() { deliver(RuntimeEvent(podUID: nil)) }

    /// CRI learns of an exit from the same stream, so its state may be behind: mostly for a moment, for seconds when the
    /// machine is busy. Nothing else tells of the exit, so it is waited for.
    private func waitForExit(of id: String, isSandbox: Bool) async {
        await Patience.wait(
            sleep: { try? await Task.sleep(for: $0) }, until: { await self.hasExited(id, isSandbox: isSandbox) })
    }

    private func hasExited(_ id: String, isSandbox: Bool) async -> Bool {
        let options = ContainerdConnection.options(.readCall)
        do {
            if isSandbox {
                let request = Runtime_V1_PodSandboxStatusRequest.with { $0.podSandboxID = id }
                return try await connection.runtime.podSandboxStatus(request, options: options).status.state
                    != .sandboxReady
            }
            let request = Runtime_V1_ContainerStatusRequest.with { $0.containerID = id }
            return try await connection.runtime.containerStatus(request, options: options).status.state
                != .containerRunning
        } catch { return true }
    }

    private func deliver(_ event: RuntimeEvent) {
        let listeners = state.withLock { Array($0.listeners.values) }
        for listener in listeners {
            if case .dropped = listener.yield(event) { listener.yield(RuntimeEvent(podUID: nil)) }
        }
    }

    private func wasSubscribed() -> Bool { state.withLock { $0.isSubscribed } }

    private func endListeners() {
        let ended = state.withLock { state in
            // Who listens before the first subscription goes on waiting for it.
            guard state.isSubscribed || Task.isCancelled else { return [AsyncStream<RuntimeEvent>.Continuation]() }
            defer { state.listeners = [:] }
            state.isSubscribed = false
            return Array(state.listeners.values)
        }
        for listener in ended { listener.finish() }
    }
}

internal import APIProtocol
internal import ControllerRuntime
internal import Kinds
internal import Logging
internal import NodeInterfaces
internal import ObjectModel
internal import Synchronization

/// What the work on every pod of a node shares.
final class PodEnvironment: Sendable {
    let configuration: NodeAgentConfiguration
    let client: APIClient
    let runtime: any ContainerRuntime
    let prober: any NetworkProber
    let plugins: [any VolumePlugin]
    let objects: ClusterObjects
    let recorder: EventRecorder
    let clock: ControlClock
    let images: ImageFetcher
    let starts: Slots
    let log: Logger

    init(
        configuration: NodeAgentConfiguration, client: APIClient, runtime: any ContainerRuntime,
        prober: any NetworkProber, plugins: [any VolumePlugin], objects: ClusterObjects, recorder: EventRecorder,
        clock: ControlClock, images: ImageFetcher, starts: Slots, log: Logger
    ) {
        (self.configuration, self.client, self.runtime) = (configuration, client, runtime)
        (self.prober, self.plugins, self.objects) = (prober, plugins, objects)
        (self.recorder, self.clock, self.images) = (recorder, clock, images)
        (self.starts, self.log) = (starts, log)
    }

    var now: Timestamp { clock.now() }

    /// Tells people about a pod or one of its containers.
    func note(
        _ pod: AgentPod, _ severity: EventNote.Severity, _ reason: String, _ message: String, container: String = ""
    ) {
        let part = pod.view.spec.initContainers.contains { $0.name == container } ? "initContainers" : "containers"
        recorder.record(
            EventNote(
                ObjectReference(
                    .pods, pod.key, uid: pod.uid, fieldPath: container.isEmpty ? "" : "spec.\(part){\(container)}"),
                severity, reason: reason, message: message))
    }
}

/// Lets a limited number of tasks through; the others wait in order.
final class Slots: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    /// Returns when a slot is the caller's. Every holder gives it back, also after cancellation, so waits end.
    func take() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state -> Bool in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func giveBack() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}

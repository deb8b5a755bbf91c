package import APIProtocol
package import ObjectModel
internal import Synchronization

/// Writes Events without making anyone wait: notes queue up (at most 1000, then the newest is dropped) and `run` sends
/// them. An Event that cannot be written is dropped; Events are best effort, as upstream.
package final class EventRecorder: ControlLoop {
    private struct State {
        var correlator: EventCorrelator
        var notes: [(note: EventNote, time: Timestamp)] = []
    }

    /// The resource of Events.
    package static let resource = APIResource(kind: "Event", plural: "events")
    private static let limit = 1000
    /// Its name, for logs.
    package let name: String
    private let client: APIClient
    private let clock: ControlClock
    private let state: Mutex<State>
    private let signal = Signal()

    /// A recorder for notes of `component`.
    package init(component: String, host: String = "", client: APIClient, clock: ControlClock = .system) {
        name = "events of \(component)"
        self.client = client
        self.clock = clock
        state = Mutex(State(correlator: EventCorrelator(component: component, host: host)))
    }

    /// Takes a note; returns at once.
    package func record(_ note: EventNote) {
        let now = clock.now()
        state.withLock { state in
            if state.notes.count < Self.limit { state.notes.append((note, now)) }
        }
        signal.give()
    }

    /// Sends notes until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let writes = state.withLock { state in
                let notes = state.notes
                state.notes = []
                return notes.compactMap { state.correlator.write($0.note, at: $0.time) }
            }
            for write in writes { await send(write) }
            if writes.isEmpty { await signal.wait() }
        }
    }

    private func send(_ write: EventCorrelator.Write) async {
        switch write {
        case .create(let event):
            _ = try? await client.create(Self.resource, event)
        case .patch(let key, let body, let event):
            do throws(APIError) {
                _ = try await client.patch(Self.resource, namespace: key.namespace, name: key.name, body)
            } catch {
                if error.isNotFound { _ = try? await client.create(Self.resource, event) }
            }
        }
    }
}

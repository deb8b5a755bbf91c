internal import ControllerRuntime
internal import Synchronization

/// What ties one run of a process to the rest of the world. When it is cut, the process has crashed: nothing that it
/// still does has an effect, and what it had sent before may still arrive.
package final class Link: Sendable {
    private struct State {
        var isCut = false
        var waiting: [Signal] = []
    }

    /// Whose process it is.
    package let name: String
    private let state = Mutex(State())

    /// A link of a process that runs.
    package init(_ name: String) { self.name = name }

    /// Whether the process runs.
    package var isAlive: Bool { state.withLock { !$0.isCut } }

    /// Ends the process as kill -9 does.
    package func cut() {
        let waiting = state.withLock { state in
            state.isCut = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for signal in waiting { signal.give() }
    }

    /// Returns when the process has crashed, or the task is cancelled.
    package func waitUntilCut() async {
        let signal = Signal()
        let isCut = state.withLock { state in
            if !state.isCut { state.waiting.append(signal) }
            return state.isCut
        }
        if !isCut { await signal.wait() }
    }
}

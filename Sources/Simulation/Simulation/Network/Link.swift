internal import ControllerRuntime
internal import Synchronization

/// What ties one run of a process to the rest of the world. When it is cut, the process has crashed: nothing that it
/// still does has an effect, and what it had sent before may still arrive.
package final class Link: Sendable {
    private struct State {
        var isCut = false
        var waiting: [Signal] = []
        /// Until when the process stands still.
        var frozen: Duration?
    }

    /// Whose process it is.
    package let name: String
    /// Which run of it: no two have one identity.
    package let identity: String
    private let state = Mutex(State())

    /// A link of a process that runs, for the `run`th time.
    package init(_ name: String, run: Int) {
        self.name = name
        identity = "\(name)/\(run)"
    }

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

    /// Holds the process up, as a machine that is suspended or swaps does; nil lets it go on at once.
    ///
    /// What runs is a reaction to replies, events and time, so all of these come to it only afterwards; what it had sent
    /// goes on its way.
    package func freeze(until time: Duration?) { state.withLock { $0.frozen = time } }

    /// Returns when the process is not held up.
    package func waitUntilThawed(_ clock: VirtualClock) async {
        while let time = state.withLock({ $0.frozen }), time > clock.uptime, !Task.isCancelled {
            // In steps, since it may be let go before.
            try? await clock.sleep(min(time - clock.uptime, .seconds(1)))
        }
    }
}

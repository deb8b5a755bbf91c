internal import Synchronization

/// The calls that are making sandboxes. containerd tells of a sandbox's start before it answers the call that names it:
/// a start of which nobody knows waits for the calls under way to explain it.
final class SandboxRuns: Sendable {
    /// How many starts wait at most; further ones are news at once.
    static let limit = 256

    private struct State {
        var next = 0
        var underWay: Set<Int> = []
        /// By id, the last call that may explain a start.
        var unexplained: [String: Int] = [:]
    }
    private let state = Mutex(State())

    /// A call begins; its number is for `end`.
    func begin() -> Int {
        state.withLock { state in
            state.next += 1
            state.underWay.insert(state.next)
            return state.next
        }
    }

    /// A call has ended, and has made the sandbox `id`. Returns whether there was a start that no call explains now.
    func end(_ run: Int, made id: String?) -> Bool {
        state.withLock { state in
            state.underWay.remove(run)
            if let id { state.unexplained[id] = nil }
            let oldest = state.underWay.min() ?? .max
            let given = state.unexplained.filter { $0.value < oldest }
            for id in given.keys { state.unexplained[id] = nil }
            return !given.isEmpty
        }
    }

    /// Whether the start of something unknown may be the doing of a call under way: then `end` tells later.
    func mayExplain(_ id: String) -> Bool {
        state.withLock { state in
            guard !state.underWay.isEmpty, state.unexplained.count < Self.limit else { return false }
            state.unexplained[id] = state.next
            return true
        }
    }
}

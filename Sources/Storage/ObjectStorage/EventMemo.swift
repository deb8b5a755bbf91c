internal import Synchronization

/// Short encodings of one event, each made once for all watchers that are about as far.
///
/// Watchers read an event soon after it happened: the store closes the memos of older events, so that what they hold
/// is bounded by `newest` times `maximumBytes`, whatever the history keeps.
package final class EventMemo: Sendable {
    private struct State {
        var encodings: [String: [UInt8]] = [:]
        var bytes = 0
        var isClosed = false
    }

    /// The most bytes that one event keeps; encodings that do not fit are made anew for each watcher.
    package static let maximumBytes = 4096
    /// The memos of so many events, the newest, are open.
    package static let newest = 1024

    private let state = Mutex(State())

    /// How many bytes are kept.
    package var bytes: Int { state.withLock { $0.bytes } }

    /// The encoding under `representation`, made by `make` when it is not kept.
    package func encoding(_ representation: String, make: () -> [UInt8]) -> [UInt8] {
        if let known = state.withLock({ $0.encodings[representation] }) { return known }
        let made = make()
        state.withLock { state in
            guard !state.isClosed, state.encodings[representation] == nil,
                state.bytes + made.count <= Self.maximumBytes
            else { return }
            state.encodings[representation] = made
            state.bytes += made.count
        }
        return made
    }

    /// Drops what is kept, and keeps nothing from now on.
    func close() {
        state.withLock { state in
            state = State()
            state.isClosed = true
        }
    }
}

internal import NIOCore

/// The threads that all network input and output of the process shares.
package enum EventLoopThreads {
    /// Sets how many there are; only before the first use of the network. One or two serve thousands of connections.
    package static func limit(to count: Int) {
        // Called once at start-up; the library traps on a second call, and on a count below one.
        NIOSingletons.groupLoopCountSuggestion = max(1, count)
    }
}

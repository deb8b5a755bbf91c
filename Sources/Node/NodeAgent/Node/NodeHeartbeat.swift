package import ControllerRuntime

/// Which of a node's messages to the API is due: a pure clockwork of registration, lease and status.
///
/// The lease is renewed every 10 s, the status is sent when the health changed and every 5 minutes. What failed is
/// tried again after a back-off from 0.2 s to 7 s, each by itself, so that a failing status does not delay the lease.
package struct NodeHeartbeat: Sendable, Hashable {
    /// A message to the API.
    package enum Message: Sendable, Hashable, CaseIterable {
        /// Create or update the Node.
        case register
        /// Renew the Lease.
        case lease
        /// Send the status.
        case status
    }

    /// How long an unchanged status is not sent.
    package static let statusInterval = Duration.seconds(300)
    /// The waiting times after failures.
    package static let backOff = BackOff(first: .milliseconds(200), last: .seconds(7))

    private struct Entry: Sendable, Hashable {
        var due: Duration
        var failures = 0
    }

    private var entries: [Message: Entry] = [.register: Entry(due: .zero), .lease: Entry(due: .zero)]
    private var reported: NodeHealth?

    /// A node that is not registered.
    package init() {}

    /// The messages to send at `now`; nothing but registration before it is registered.
    package mutating func due(at now: Duration, health: NodeHealth) -> [Message] {
        guard entries[.register] == nil else { return (entries[.register]?.due ?? now) <= now ? [.register] : [] }
        if let status = entries[.status], status.failures == 0, reported != health {
            entries[.status]?.due = now
        }
        return [.lease, .status].filter { (entries[$0]?.due ?? .zero) <= now }
    }

    /// When the next message is due.
    package var nextDue: Duration {
        if let registration = entries[.register] { return registration.due }
        return entries.values.map(\.due).min() ?? .zero
    }

    /// Notes that a message was sent; `health` is what it told.
    package mutating func succeeded(_ message: Message, at now: Duration, health: NodeHealth) {
        switch message {
        case .register:
            entries[.register] = nil
            entries[.lease] = Entry(due: now)
            entries[.status] = Entry(due: now + Self.statusInterval)
            reported = health
        case .lease: entries[.lease] = Entry(due: now + NodeLease.renewInterval)
        case .status:
            entries[.status] = Entry(due: now + Self.statusInterval)
            reported = health
        }
    }

    /// Notes that a message was not sent; `random` in 0..<1 spreads the next try.
    package mutating func failed(_ message: Message, at now: Duration, random: Double) {
        let failures = (entries[message]?.failures ?? 0) + 1
        entries[message] = Entry(due: now + Self.backOff.delay(failures: failures, random: random), failures: failures)
    }

    /// The Node is gone: it is registered anew.
    package mutating func nodeIsGone(at now: Duration) { entries[.register] = Entry(due: now) }
}

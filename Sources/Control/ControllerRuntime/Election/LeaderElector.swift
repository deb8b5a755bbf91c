package import APIProtocol
package import Logging
internal import ObjectModel
internal import Synchronization

/// Takes part in a leader election, and works while it leads.
package final class LeaderElector: Sendable {
    /// How much longer than a retry period somebody who waits may wait, so that not all try at once (client-go's factor).
    private static let jitter = 1.2

    private let client: APIClient
    private let clock: ControlClock
    private let logger: Logger
    private let election: Mutex<LeaderElection>

    /// A participant.
    package init(_ election: LeaderElection, client: APIClient, clock: ControlClock = .system, logger: Logger) {
        self.election = Mutex(election)
        self.client = client
        self.clock = clock
        self.logger = logger
    }

    /// Whether this process leads now.
    package var isLeading: Bool {
        let uptime = clock.uptime()
        return election.withLock { $0.isLeading(at: uptime) }
    }

    /// Waits until this process leads, then runs `body` until it ends, the lead is lost or the task is cancelled. What
    /// `body` reads is read after the lease was taken. The lease is not given back: it ends by itself.
    package func lead(_ body: @escaping @Sendable () async -> Void) async {
        guard await acquire() else { return }
        logger.info("leading", metadata: ["lease": "\(election.withLock { $0.key })"])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await body() }
            group.addTask { await self.renew() }
            // By itself: a renewal that hangs must not hide that the time is over.
            group.addTask { await self.waitUntilOver() }
            await group.next()
            group.cancelAll()
        }
        logger.info("not leading any more")
    }

    private func acquire() async -> Bool {
        while !Task.isCancelled {
            await attempt()
            if isLeading { return true }
            let period = election.withLock { $0.terms.retryPeriod }
            try? await clock.sleep(period * (1 + Self.jitter * clock.random()))
        }
        return false
    }

    private func renew() async {
        while isLeading {
            do {
                try await clock.sleep(election.withLock { $0.terms.retryPeriod })
            } catch {
                // Whoever ends must not take the lease once more.
                return
            }
            await attempt()
        }
    }

    private func waitUntilOver() async {
        while !Task.isCancelled, let end = election.withLock({ $0.leadsUntil }) {
            let left = end - clock.uptime()
            if left <= .zero { return }
            try? await clock.sleep(left)
        }
    }

    /// Tries once to take or keep the lease.
    private func attempt() async {
        let begun = clock.uptime()
        do throws(APIError) {
            guard let lease = try await write(begun) else { return }
            election.withLock { $0.succeeded(lease, begun: begun) }
        } catch {
            election.withLock { $0.failed() }
            logger.debug("the lease was not written", metadata: ["error": "\(error)"])
        }
    }

    /// Writes a claim; nil when somebody else holds the lease.
    private func write(_ begun: Duration) async throws(APIError) -> Value? {
        let now = clock.now()
        if let renewal = election.withLock({ $0.renewal(now: now, uptime: begun) }) {
            return try await client.update(LeaderElection.resource, renewal)
        }
        let found = try await stored()
        let uptime = clock.uptime()
        switch election.withLock({ $0.claim(on: found, now: now, uptime: uptime) }) {
        case .create(let lease): return try await client.create(LeaderElection.resource, lease)
        case .update(let lease): return try await client.update(LeaderElection.resource, lease)
        case nil: return nil
        }
    }

    private func stored() async throws(APIError) -> Value? {
        let key = election.withLock { $0.key }
        do throws(APIError) {
            return try await client.get(LeaderElection.resource, namespace: key.namespace, name: key.name)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }
}

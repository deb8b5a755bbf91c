package import ObjectModel
package import Scheduling

/// Why a container could not be started the last time, and when to try again.
package struct StartFailure: Sendable, Hashable {
    /// The waiting reason, such as `ErrImagePull`.
    package var reason: String
    /// For people.
    package var message: String
    /// When to try again.
    package var retryAt: Timestamp

    /// A failure.
    package init(reason: String, message: String, retryAt: Timestamp) {
        self.reason = reason
        self.message = message
        self.retryAt = retryAt
    }
}

/// What probes have found out about one instance of a container.
package struct ContainerHealth: Sendable, Hashable {
    /// Whether it has started: nil while its startup probe has not decided.
    package var started: Bool?
    /// Whether it is ready, as far as probes tell.
    package var ready: Bool
    /// Whether its liveness probe has failed.
    package var livenessFailed: Bool

    /// Findings.
    package init(started: Bool?, ready: Bool, livenessFailed: Bool = false) {
        self.started = started
        self.ready = ready
        self.livenessFailed = livenessFailed
    }

    /// A container without probes.
    package static let unprobed = ContainerHealth(started: true, ready: true)
}

/// What the agent remembers of a pod beside what the API and the runtime keep.
package struct PodMemory: Sendable, Hashable {
    /// The status worked out last: it may be ahead of the API's, and times in it stay. Nil before the first.
    package var reported: Value?
    /// Waiting times of containers that keep ending, by `ContainerHash`: one whose image is another begins anew.
    package var restarts = RestartBackOff()
    /// Waiting times of images that cannot be pulled, by image.
    package var pulls = RestartBackOff()
    /// Starts that failed, by container.
    package var failures: [String: StartFailure] = [:]
    /// What probes found, by the runtime's id of a container. None means no probe has been asked for.
    package var health: [String: ContainerHealth] = [:]
    /// Why no sandbox or volume could be made, and when to try again; nil when nothing failed.
    package var setUpFailure: StartFailure?
    /// Whether the pod ran longer than it may.
    package var deadlineExceeded = false
    /// Why the node did not take the pod; nil when it did.
    package var rejection: NodeAdmission.Rejection?
    /// Containers that are held back by a restart's waiting time, with the text for people.
    package var heldBack: [String: String] = [:]

    /// When the newest sandbox was first seen not to serve; nil while it does.
    package var sandboxFaultSince: Timestamp?

    /// How long a sandbox must seem not to serve before containers that run are stopped for it.
    static let sandboxDoubt = Duration.seconds(1)

    /// Nothing is known.
    package init() {}
}

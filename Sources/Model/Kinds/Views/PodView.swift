package import ObjectModel

/// A pod.
package struct PodView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.pods

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// What should run.
    package let spec: PodSpecView
    /// What runs.
    package let status: PodStatusView

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        spec = PodSpecView(object.child("spec"))
        status = PodStatusView(object.child("status"))
    }
}

/// The status of a pod.
package struct PodStatusView: Sendable, Hashable {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    package let phase: String
    /// The conditions.
    package let conditions: [ConditionView]
    /// The pod's first address; empty before it has one.
    package let podIP: String
    /// All addresses.
    package let podIPs: [String]
    /// The node's address.
    package let hostIP: String
    /// When the node took it on.
    package let startTime: Timestamp?
    /// Why it is in this state, in one word.
    package let reason: String
    /// Why it is in this state, for people.
    package let message: String
    /// `Guaranteed`, `Burstable` or `BestEffort`.
    package let qosClass: String
    /// The node that a preemption nominated; empty when none.
    package let nominatedNodeName: String
    /// The containers' states.
    package let containerStatuses: [ContainerStatusView]
    /// The init containers' states.
    package let initContainerStatuses: [ContainerStatusView]
    /// The generation the node agent has acted on.
    package let observedGeneration: Int

    /// Reads a PodStatus.
    package init(_ status: Value) {
        phase = status.text("phase")
        conditions = status.items("conditions").map { ConditionView($0) }
        podIP = status.text("podIP")
        podIPs = status.items("podIPs").map { $0.text("ip") }
        hostIP = status.text("hostIP")
        startTime = status.time("startTime")
        reason = status.text("reason")
        message = status.text("message")
        qosClass = status.text("qosClass")
        nominatedNodeName = status.text("nominatedNodeName")
        containerStatuses = status.items("containerStatuses").map { ContainerStatusView($0) }
        initContainerStatuses = status.items("initContainerStatuses").map { ContainerStatusView($0) }
        observedGeneration = status.number("observedGeneration") ?? 0
    }
}

/// The state of one container.
package struct ContainerStatusView: Sendable, Hashable {
    /// What a container is doing.
    package enum State: Sendable, Hashable {
        case waiting(reason: String, message: String)
        case running(startedAt: Timestamp?)
        case terminated(Termination)
    }

    /// How a container ended.
    package struct Termination: Sendable, Hashable {
        /// The exit code.
        package let exitCode: Int
        /// The signal; 0 when none.
        package let signal: Int
        /// Why, in one word.
        package let reason: String
        /// Its last words.
        package let message: String
        /// When it started.
        package let startedAt: Timestamp?
        /// When it ended.
        package let finishedAt: Timestamp?

        /// Reads a ContainerStateTerminated.
        package init(_ value: Value) {
            exitCode = value.number("exitCode") ?? 0
            signal = value.number("signal") ?? 0
            reason = value.text("reason")
            message = value.text("message")
            startedAt = value.time("startedAt")
            finishedAt = value.time("finishedAt")
        }
    }

    /// The container's name.
    package let name: String
    /// The runtime's id, such as `containerd://…`; empty before the first start.
    package let containerID: String
    /// The image it runs.
    package let image: String
    /// Whether it passes its readiness probe.
    package let ready: Bool
    /// Whether it passes its startup probe; nil when not told.
    package let started: Bool?
    /// How often it was restarted.
    package let restartCount: Int
    /// What it is doing now.
    package let state: State
    /// How it ended the last time; nil when it never did.
    package let lastTermination: Termination?

    /// Reads a ContainerStatus.
    package init(_ value: Value) {
        name = value.text("name")
        containerID = value.text("containerID")
        image = value.text("image")
        ready = value.flag("ready")
        started = value["started"]?.bool
        restartCount = value.number("restartCount") ?? 0
        state = State(value.child("state"))
        lastTermination = value.child("lastState").object("terminated").map { Termination($0) }
    }

    /// How it ended, when it is not running now.
    package var termination: Termination? { if case .terminated(let end) = state { end } else { nil } }
    /// Whether it runs now.
    package var isRunning: Bool { if case .running = state { true } else { false } }
    /// Whether any instance of it is known to have run; one that was only made has an id too.
    package var hasRun: Bool { isRunning || termination != nil || lastTermination != nil }
}

extension ContainerStatusView.State {
    /// Reads a ContainerState; an empty one means waiting.
    package init(_ value: Value) {
        if let running = value.object("running") {
            self = .running(startedAt: running.time("startedAt"))
        } else if let terminated = value.object("terminated") {
            self = .terminated(ContainerStatusView.Termination(terminated))
        } else {
            let waiting = value.child("waiting")
            self = .waiting(reason: waiting.text("reason"), message: waiting.text("message"))
        }
    }
}

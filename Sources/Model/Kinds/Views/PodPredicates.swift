package import ObjectModel
internal import Schema

extension PodView {
    /// The condition `Ready`.
    package var readyCondition: ConditionView? { status.conditions.condition("Ready") }
    /// Whether the condition `Ready` is True.
    package var isReady: Bool { readyCondition?.isTrue ?? false }

    /// Whether it has been ready for `minReadySeconds` at `now` (upstream's `IsPodAvailable`).
    package func isAvailable(minReadySeconds: Int, now: Timestamp) -> Bool {
        guard let ready = readyCondition, ready.isTrue else { return false }
        if minReadySeconds == 0 { return true }
        guard let since = ready.lastTransitionTime else { return false }
        return since + .seconds(minReadySeconds) <= now
    }

    /// Where the API keeps when a pod was ready for the first time: a rollout that is stuck may replace pods that never
    /// were, and no others.
    package static let firstReadyAnnotation = "ordinal.dev/first-ready-time"
    /// Whether the time can be written to these annotations: it is not there yet, and they have room for it. A pod whose
    /// annotations are full becomes ready without it, and counts as one that was never ready once it is not.
    package static func takesFirstReadyTime(_ annotations: [String: String]) -> Bool {
        guard annotations[firstReadyAnnotation] == nil else { return false }
        let size = annotations.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        return size + firstReadyAnnotation.utf8.count + longestTime <= MetadataValidation.maximumAnnotationsSize
    }
    /// The bytes of a time with its fraction.
    private static let longestTime = 40
    /// Whether it is ready, or is known to have been.
    package var hasBeenReady: Bool { isReady || metadata.annotations[Self.firstReadyAnnotation] != nil }

    /// Whether its deletion has begun.
    package var isTerminating: Bool { metadata.deletionTimestamp != nil }
    /// Whether a node or the API has given it a phase.
    package var isCreated: Bool { !status.phase.isEmpty }
    /// Whether it is Pending.
    package var isPending: Bool { status.phase == "Pending" }
    /// Whether a container failed and nothing will be restarted.
    package var isFailed: Bool { status.phase == "Failed" }
    /// Whether all containers succeeded and nothing will be restarted.
    package var isSucceeded: Bool { status.phase == "Succeeded" }
    /// Whether it will never run again.
    package var isTerminal: Bool { isFailed || isSucceeded }
    /// Whether its node has done with it and only finalizers keep its name: its grace is over, and by its status all of it
    /// has ended. A phase alone does not say so: anybody may set it.
    package var isShutDown: Bool {
        isTerminating && isTerminal && metadata.deletionGracePeriodSeconds == 0
            && !(status.containerStatuses + status.initContainerStatuses).contains(where: \.isRunning)
    }
    /// Whether it is bound to a node.
    package var isScheduled: Bool { !spec.nodeName.isEmpty }
}

extension PodSpecView {
    /// What the pod as a whole asks for: the sum of its containers and sidecars, or the largest init container with the
    /// sidecars started before it, whichever is more, plus the overhead (upstream's `PodRequests`).
    package var totalRequests: [String: Quantity] {
        var total: [String: Quantity] = [:]
        for container in containers { total.add(container.requests) }
        var sidecars: [String: Quantity] = [:]
        var largestInit: [String: Quantity] = [:]
        for container in initContainers {
            var needed = container.requests
            if container.isRestartable {
                total.add(container.requests)
                sidecars.add(container.requests)
                needed = sidecars
            } else {
                needed.add(sidecars)
            }
            largestInit.raise(to: needed)
        }
        total.raise(to: largestInit)
        total.add(overhead)
        return total
    }

    /// The ports of the node that the pod occupies.
    package var hostPorts: [ContainerPortView] {
        (initContainers.filter(\.isRestartable) + containers).flatMap(\.ports).filter { $0.hostPort > 0 }
    }
}

extension [String: Quantity] {
    /// Adds the amounts of `other`.
    package mutating func add(_ other: [String: Quantity]) {
        for (name, amount) in other { self[name] = self[name].map { $0 + amount } ?? amount }
    }

    /// Raises each amount to at least that of `other`.
    package mutating func raise(to other: [String: Quantity]) {
        for (name, amount) in other { self[name] = self[name].map { Swift.max($0, amount) } ?? amount }
    }
}

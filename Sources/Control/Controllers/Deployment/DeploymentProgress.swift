internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

/// The status of a Deployment, counted from those of its ReplicaSets, and what it tells about a rollout.
extension DeploymentStatusView {
    static let progressing = "Progressing"
    static let available = "Available"
    static let replicaFailure = "ReplicaFailure"

    /// Why a rollout counts as progressing, or not.
    enum Reason {
        static let created = "NewReplicaSetCreated"
        static let found = "FoundNewReplicaSet"
        static let createError = "ReplicaSetCreateError"
        static let updated = "ReplicaSetUpdated"
        static let done = "NewReplicaSetAvailable"
        static let timedOut = "ProgressDeadlineExceeded"
        static let paused = "DeploymentPaused"
        static let resumed = "DeploymentResumed"
    }

    var progress: ConditionView? { conditions.condition(Self.progressing) }

    /// Sets the condition that tells of progress.
    mutating func setProgress(_ status: String, _ reason: String, _ message: String, at now: Timestamp) {
        conditions.set(Self.progressing, status, reason, message, at: now)
    }

    /// Counts the pods of the sets, and judges whether enough are available.
    mutating func count(_ members: [RolloutMember], new: RolloutMember?, of view: DeploymentView, at now: Timestamp) {
        observedGeneration = view.metadata.generation
        replicas = members.reduce(0) { $0 + $1.status.replicas }
        updatedReplicas = new?.status.replicas ?? 0
        readyReplicas = members.reduce(0) { $0 + $1.status.readyReplicas }
        availableReplicas = members.reduce(0) { $0 + $1.status.availableReplicas }
        unavailableReplicas = max(0, members.reduce(0) { $0 + $1.object.view.replicas } - availableReplicas)
        terminatingReplicas = Self.terminating(members)
        if availableReplicas >= view.minAvailable {
            conditions.set(
                Self.available, "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", at: now)
        } else {
            conditions.set(
                Self.available, "False", "MinimumReplicasUnavailable",
                "Deployment does not have minimum availability.", at: now)
        }
    }

    /// The pods of all sets that are going away; nil while one that was judged does not tell.
    private static func terminating(_ members: [RolloutMember]) -> Int? {
        var sum = 0
        for member in members {
            if let count = member.status.terminatingReplicas {
                sum += count
            } else if member.status.observedGeneration != 0 {
                return nil
            }
        }
        return sum
    }

    /// Whether all pods that `view` wants are of the newest template and available, and no others are there.
    func isComplete(_ view: DeploymentView) -> Bool {
        updatedReplicas == view.replicas && replicas == view.replicas && availableReplicas == view.replicas
            && observedGeneration >= view.metadata.generation
    }

    /// Judges a rollout by what changed since the status `old`. `name` is the newest set, or the Deployment without one.
    mutating func judgeProgress(
        since old: DeploymentStatusView, of view: DeploymentView, name: String, at now: Timestamp
    ) {
        guard let deadline = view.progressDeadlineSeconds else {
            conditions.remove(Self.progressing)
            return
        }
        let current = progress
        if replicas == updatedReplicas, current?.reason == Reason.done { return }
        if isComplete(view) {
            setProgress("True", Reason.done, "\(name) has successfully progressed.", at: now)
        } else if hasProgressed(since: old) {
            // Also with the same reason: the time of the update is what the deadline counts from.
            let transition = current.flatMap { $0.isTrue ? $0.lastTransitionTime : nil }
            conditions.replace(
                with: ConditionView(
                    type: Self.progressing, status: "True", reason: Reason.updated,
                    message: "\(name) is progressing.", lastTransitionTime: transition ?? now, lastUpdateTime: now))
        } else if let current, isTimedOut(current, deadline, at: now) {
            setProgress("False", Reason.timedOut, "\(name) has timed out progressing.", at: now)
        }
    }

    private func hasProgressed(since old: DeploymentStatusView) -> Bool {
        updatedReplicas > old.updatedReplicas || replicas - updatedReplicas < old.replicas - old.updatedReplicas
            || readyReplicas > old.readyReplicas || availableReplicas > old.availableReplicas
    }

    private func isTimedOut(_ condition: ConditionView, _ deadline: Int, at now: Timestamp) -> Bool {
        switch condition.reason {
        case Reason.done: false
        case Reason.timedOut: true
        default: condition.lastUpdateTime.map { $0 + .seconds(deadline) < now } ?? false
        }
    }

    /// When to look whether the deadline has passed; nil when there is nothing to wait for.
    func timeUntilDeadline(_ view: DeploymentView, at now: Timestamp) -> Duration? {
        guard let deadline = view.progressDeadlineSeconds, let progress, !isComplete(view), !view.isPaused,
            progress.reason != Reason.timedOut, progress.reason != Reason.done, let since = progress.lastUpdateTime
        else { return nil }
        return max(since + .seconds(deadline) - now, .zero) + .seconds(1)
    }

    /// Takes over the first failure of a set, the newest one's before others.
    mutating func takeFailure(_ members: [RolloutMember], new: RolloutMember?) {
        let failures = ([new].compactMap { $0 } + members).compactMap { member in
            member.status.conditions.condition(ReplicaSetStatusView.replicaFailure)
        }
        guard let failure = failures.first else {
            conditions.remove(Self.replicaFailure)
            return
        }
        let known = conditions.condition(Self.replicaFailure)
        if let known, known.status == failure.status, known.reason == failure.reason { return }
        let isSame = known?.status == failure.status
        conditions.replace(
            with: ConditionView(
                type: Self.replicaFailure, status: failure.status, reason: failure.reason, message: failure.message,
                lastTransitionTime: isSame ? known?.lastTransitionTime : failure.lastTransitionTime,
                lastUpdateTime: failure.lastTransitionTime))
    }
}

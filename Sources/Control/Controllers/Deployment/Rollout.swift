internal import APIProtocol
internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

/// What becomes of a Deployment and its ReplicaSets now: upstream's order of judging, one look, no writes.
struct Rollout {
    private let deployment: CachedObject<DeploymentView>
    private let now: Timestamp
    private let isTaken: (String) -> Bool
    /// Sets that have pods which have not ended.
    private let runningOwners: Set<String>
    /// The sets, oldest first.
    private var members: [RolloutMember]
    /// Which of them has the template; nil when none has.
    private let newIndex: Int?
    /// Which of them changed, in the order of the decisions.
    private var changed: [Int] = []
    private var creation: PlannedAction?
    private var createdName: String?
    private var removals: [Action] = []
    private var status: DeploymentStatusView
    /// The place in the history; nil when it is not known.
    private var revision: String?
    /// Why.
    private var explanation = "all sets are as they should be"

    private var view: DeploymentView { deployment.view }
    private var new: RolloutMember? { newIndex.map { members[$0] } }
    private var oldIndices: [Int] { members.indices.filter { $0 != newIndex } }

    init(_ observed: DeploymentReconciler.Observed, sets: [CachedObject<ReplicaSetView>], at now: Timestamp) {
        deployment = observed.deployment
        self.now = now
        isTaken = observed.takenNames.contains
        runningOwners = observed.runningOwners
        members = sets.map(RolloutMember.init).sorted { Self.isOlder($0, $1) }
        let template = observed.deployment.view.template
        newIndex = members.firstIndex { NewReplicaSet.isSame($0.object.view.template, template) }
        status = observed.deployment.view.status
    }

    /// Decides, and says what to write: sets, removals of old ones, then the status.
    mutating func plan() -> Plan {
        decide()
        var plan = Plan(explanation: explanation)
        for index in changed {
            if let write = members[index].write(for: view) { plan.steps.append(.one(write)) }
        }
        if let creation { plan.steps.append(.one(creation)) }
        for removal in removals { plan.append(removal) }
        if let update = update(to: status, revision: revision) { plan.append(update) }
        if let time = status.timeUntilDeadline(view, at: now) { plan.recheck(after: time) }
        return plan
    }

    private mutating func decide() {
        if deployment.isBeingDeleted { return count() }
        notePause()
        // Several active sets cannot be scaled in proportion with Recreate: what is old goes anyway.
        let mustShrink = !view.isRollingUpdate && members.count(where: \.isActive) > 1
        if view.isPaused || (isScaled && !mustShrink) {
            follow()
            scale()
            if view.isPaused { removeOldSets() }
            return count()
        }
        if view.isRollingUpdate { roll() } else { recreate() }
        count()
        let set = new?.object.key.name ?? createdName
        let name = set.map { "ReplicaSet \"\($0)\"" } ?? "Deployment \"\(deployment.key.name)\""
        status.judgeProgress(since: view.status, of: view, name: name, at: now)
        status.takeFailure(members, new: new)
    }

    private mutating func count() { status.count(members, new: new, of: view, at: now) }

    /// The deadline does not run while the Deployment is paused, and begins anew when it is resumed.
    private mutating func notePause() {
        let reason = status.progress?.reason
        guard view.progressDeadlineSeconds != nil, reason != DeploymentStatusView.Reason.timedOut else { return }
        let wasPaused = reason == DeploymentStatusView.Reason.paused
        if view.isPaused, !wasPaused {
            status.setProgress("Unknown", DeploymentStatusView.Reason.paused, "Deployment is paused", at: now)
        } else if !view.isPaused, wasPaused {
            status.setProgress("Unknown", DeploymentStatusView.Reason.resumed, "Deployment is resumed", at: now)
        }
    }

    /// Whether the wanted number is another than when an active set was last scaled.
    private var isScaled: Bool {
        members.contains { member in
            guard member.isActive, let desired = member.count(RolloutAnnotation.desiredReplicas) else { return false }
            return desired != view.replicas
        }
    }

    private mutating func roll() {
        let unsettled = members.first { !$0.isSettled }
        guard let newIndex else { return create(size: unsettled == nil ? sizeOfNew(0) : 0) }
        follow()
        // Upstream goes on, and may then count pods that are about to go.
        if let unsettled {
            explanation = "waiting: \(unsettled.object.key.name) has not seen its size"
            return
        }
        if growNew(newIndex) || shrinkOld(newIndex) { return }
        if view.status.isComplete(view) { removeOldSets() }
    }

    private mutating func recreate() {
        if newIndex != nil { follow() }
        let active = oldIndices.filter { members[$0].isActive }
        for index in active { _ = scale(index, to: 0) }
        if !active.isEmpty {
            explanation = "scaling old sets to zero"
            return
        }
        let isOldRunning = oldIndices.contains { isRunning(members[$0]) }
        if isOldRunning {
            explanation = "waiting: old pods are still there"
            return
        }
        guard let newIndex else { return create(size: view.replicas) }
        _ = scale(newIndex, to: view.replicas)
        if view.status.isComplete(view) { removeOldSets() }
    }

    private mutating func growNew(_ index: Int) -> Bool {
        let size = members[index].replicas
        if size == view.replicas { return false }
        return scale(index, to: size > view.replicas ? view.replicas : sizeOfNew(size))
    }

    /// How large the newest set may become: up to the wanted number, within the surge.
    private func sizeOfNew(_ size: Int) -> Int {
        let free = view.replicas + view.maxSurge - members.reduce(0) { $0 + $1.pods }
        return size + max(0, min(free, view.replicas - size))
    }

    /// Scales old sets down: first by their pods that are not available, then as far as others are.
    private mutating func shrinkOld(_ newIndex: Int) -> Bool {
        let new = members[newIndex]
        let total = members.reduce(0) { $0 + $1.replicas }
        var unhealthy = total - view.minAvailable - max(0, new.replicas - new.available)
        guard unhealthy > 0, total > new.replicas else { return false }
        var hasChanged = false
        for index in oldIndices where members[index].isActive && unhealthy > 0 {
            let count = min(unhealthy, members[index].replicas - members[index].available)
            guard count > 0 else { continue }
            unhealthy -= count
            hasChanged = scale(index, to: members[index].replicas - count) || hasChanged
        }
        var spare = members.reduce(0) { $0 + $1.available } - view.minAvailable
        for index in oldIndices where members[index].isActive && spare > 0 {
            let count = min(members[index].replicas, spare)
            spare -= count
            hasChanged = scale(index, to: members[index].replicas - count) || hasChanged
        }
        return hasChanged
    }

    /// Follows a change of the wanted number, or scales a paused Deployment.
    private mutating func scale() {
        if waitsForSets() { return }
        let active = members.indices.filter { members[$0].isActive }
        if active.count <= 1 {
            // Forced, so that an equal size does not look like scaling for ever.
            if let index = active.first ?? newIndex ?? members.indices.last {
                resize([index], to: [view.replicas])
            }
            return
        }
        if let new, isSaturated(new) {
            for index in active where index != newIndex { _ = scale(index, to: 0) }
            return
        }
        guard view.isRollingUpdate else { return }
        let scaling = ProportionalScaling(
            replicas: view.replicas, maxSurge: view.maxSurge, existing: view.status.replicas)
        let shares = active.map { index in
            ProportionalScaling.Share(
                replicas: members[index].replicas, formerMaximum: members[index].count(RolloutAnnotation.maxReplicas))
        }
        resize(active, to: scaling.sizes(shares))
    }

    /// Scales sets; they grow only when no other pods are on their way out that would be too many beside theirs.
    private mutating func resize(_ indices: [Int], to sizes: [Int]) {
        let grows = zip(indices, sizes).contains { $1 > members[$0].replicas }
        let leaving = members.indices.first { index in
            view.isRollingUpdate
                ? members[index].status.replicas > members[index].replicas
                : !indices.contains(index) && isRunning(members[index])
        }
        if grows, let leaving {
            explanation = "waiting: pods of \(members[leaving].object.key.name) are still there"
            return
        }
        for (index, size) in zip(indices, sizes) { _ = scale(index, to: size, isForced: true) }
    }

    /// Whether a set has not seen its size. Upstream goes on, and may then count pods that are about to go.
    private mutating func waitsForSets() -> Bool {
        guard let unsettled = members.first(where: { !$0.isSettled }) else { return false }
        explanation = "waiting: \(unsettled.object.key.name) has not seen its size"
        return true
    }

    /// Whether a set has pods that have not ended, or may still make some.
    private func isRunning(_ member: RolloutMember) -> Bool {
        !member.isSettled || member.status.replicas > 0 || runningOwners.contains(member.object.uid)
    }

    /// Whether the newest set can carry all wanted pods, and all are available.
    private func isSaturated(_ new: RolloutMember) -> Bool {
        new.isSettled && new.replicas == view.replicas && new.count(RolloutAnnotation.desiredReplicas) == view.replicas
            && new.status.availableReplicas == view.replicas
    }

    private mutating func scale(_ index: Int, to count: Int, isForced: Bool = false) -> Bool {
        let former = members[index].replicas
        let isChange = members[index].scale(to: count, of: view, isForced: isForced)
        touch(index)
        if isChange { explanation = "scaling \(members[index].object.key.name) from \(former) to \(count)" }
        return isChange
    }

    private mutating func touch(_ index: Int) { if !changed.contains(index) { changed.append(index) } }

    /// Hands annotations on to the set of the template, makes it the newest of the history, and remembers its place.
    private mutating func follow() {
        guard let newIndex else { return }
        let next = (oldIndices.compactMap { members[$0].revision }.max() ?? 0).addingSaturating(1)
        var member = members[newIndex]
        if let known = member.revision {
            member.annotations.merge(RolloutAnnotation.handedOn(by: view)) { $1 }
            if known < next {
                if let former = member.annotations[RolloutAnnotation.revision] {
                    let history = member.annotations[RolloutAnnotation.revisionHistory] ?? ""
                    member.annotations[RolloutAnnotation.revisionHistory] = RolloutAnnotation.history(
                        history, adding: former)
                }
                member.annotations[RolloutAnnotation.revision] = String(next)
            }
        }
        member.minReadySeconds = view.minReadySeconds
        members[newIndex] = member
        touch(newIndex)
        revision = member.annotations[RolloutAnnotation.revision]
        if view.progressDeadlineSeconds != nil, status.progress == nil {
            status.setProgress(
                "True", DeploymentStatusView.Reason.found, "Found new replica set \"\(member.object.key.name)\"",
                at: now)
        }
    }

    /// Makes the set of the template.
    private mutating func create(size: Int) {
        let (hash, collisions) = NewReplicaSet.freeHash(view, isTaken: isTaken)
        if collisions > 0 { status.collisionCount = collisions }
        let next = (members.compactMap(\.revision).max() ?? 0).addingSaturating(1)
        let object = NewReplicaSet.object(view, hash: hash, replicas: size, revision: next)
        let problem = "Failed to create new replica set \"\(object.name)\": "
        creation = PlannedAction(
            .create(.replicaSets, object, acceptsExisting: true),
            onSuccess: view.scalingNote(object.name, from: 0, to: size),
            onFailure: view.note(.warning, DeploymentStatusView.Reason.createError, problem),
            afterFailure: creationFailure(problem))
        createdName = object.name
        revision = String(next)
        if view.progressDeadlineSeconds != nil {
            status.setProgress(
                "True", DeploymentStatusView.Reason.created, "Created new replica set \"\(object.name)\"", at: now)
        }
        explanation = "creating \(object.name)"
    }

    private func creationFailure(_ problem: String) -> @Sendable (String) -> Action? {
        let (deployment, now) = (deployment, now)
        return { error in
            guard deployment.view.progressDeadlineSeconds != nil else { return nil }
            var status = deployment.view.status
            status.setProgress("False", DeploymentStatusView.Reason.createError, problem + error, at: now)
            return Self.update(deployment, to: status, revision: nil)
        }
    }

    /// Removes the oldest sets beyond the limit, unless they have or may have pods.
    private mutating func removeOldSets() {
        guard let limit = view.revisionHistoryLimit else { return }
        let old = oldIndices.map { members[$0] }.filter { !$0.object.isBeingDeleted }.sorted { left, right in
            guard let first = left.revision, let second = right.revision, first != second else {
                return Self.isOlder(left, right)
            }
            return first < second
        }
        removals = old.prefix(max(0, old.count - limit)).filter { member in
            member.status.replicas == 0 && member.replicas == 0
                && member.object.view.metadata.generation <= member.status.observedGeneration
        }.map { .delete(.init(.replicaSets, $0.object.key, uid: $0.object.uid)) }
    }

    private func update(to status: DeploymentStatusView, revision: String?) -> Action? {
        Self.update(deployment, to: status, revision: revision)
    }

    /// Writes the status and the place in the history, as far as they differ.
    private static func update(
        _ deployment: CachedObject<DeploymentView>, to status: DeploymentStatusView, revision: String?
    ) -> Action? {
        var body = Value.emptyObject
        if let change = MergePatch.difference(from: deployment.view.status.value, to: status.value) {
            body["status"] = change
        }
        if let revision, deployment.view.metadata.annotations[RolloutAnnotation.revision] != revision {
            body["metadata", "annotations", RolloutAnnotation.revision] = .string(revision)
        }
        guard !body.isEmpty else { return nil }
        return .patch(
            Action.Patch(
                .deployments, deployment.key, uid: deployment.uid, revision: deployment.revision, body,
                subresource: "status", acceptsMissing: true))
    }

    private static func isOlder(_ left: RolloutMember, _ right: RolloutMember) -> Bool {
        let (first, second) = (left.object.view.metadata, right.object.view.metadata)
        if let former = first.creationTimestamp, let latter = second.creationTimestamp, former != latter {
            return former < latter
        }
        return first.name < second.name
    }
}

internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

/// Which revisions a set has, which one it is moving to, and what must be written for that.
struct RevisionHistory {
    /// One revision, existing or to be made.
    struct Entry {
        let name: String
        let template: Value
    }

    /// What pods below the partition are made from.
    let current: Entry
    /// What the set's template says now.
    let update: Entry
    /// How often a name was taken by other data.
    let collisionCount: Int
    /// Writes that must come before pods are made.
    let actions: [Action]
    /// The revisions that exist, oldest first.
    private let revisions: [CachedObject<ControllerRevisionView>]

    /// `revisions` are those that the set controls; `equalName` is the name of another that has the template's data;
    /// `isTaken` tells whether a name belongs to other data.
    init(
        _ set: StatefulSetView, revisions unsorted: [CachedObject<ControllerRevisionView>],
        equalName: String?, isTaken: (String) -> Bool
    ) {
        let revisions = unsorted.sorted { Self.isOlder($0.view, $1.view) }
        let data = RevisionData.data(template: set.template)
        let next = (revisions.last?.view.revision ?? 0).addingSaturating(1)
        var collisions = set.status.collisionCount ?? 0
        var actions: [Action] = []
        let equal = revisions.last { $0.view.data == data }
        if let equal {
            update = Entry(name: equal.key.name, template: set.template)
            var patch: Value = [:]
            // A template of former times is the newest again.
            if equal.key != revisions.last?.key { patch["revision"] = .integer(Int64(next)) }
            if let cause = Self.newCause(of: equal, set, among: revisions) {
                patch["metadata"] = ["annotations": [Self.changeCause: .string(cause)]]
            }
            if !patch.isEmpty { actions = [.patch(.init(.controllerRevisions, equal.key, uid: equal.uid, patch))] }
        } else {
            var hash = RevisionData.hash(data, collisionCount: collisions)
            while isTaken(RevisionData.name(parent: set.metadata.name, hash: hash)) {
                collisions += 1
                hash = RevisionData.hash(data, collisionCount: collisions)
            }
            let name = RevisionData.name(parent: set.metadata.name, hash: hash)
            update = Entry(name: name, template: set.template)
            if name != equalName {
                actions = [.create(.controllerRevisions, Self.object(set, name, hash, data, revision: next))]
            }
        }
        let named = revisions.first { $0.key.name == set.status.currentRevision }
        current = named.map { Entry(name: $0.key.name, template: RevisionData.template(of: $0.view.data)) } ?? update
        collisionCount = collisions
        self.actions = actions
        self.revisions = revisions
    }

    /// Deletions of the oldest revisions that nothing uses, so that at most `limit` of these stay.
    func truncation(limit: Int, pods: [CachedObject<PodView>]) -> [Action] {
        guard limit >= 0 else { return [] }
        // Most sets have no revision too many, and then nobody needs to know which are used.
        guard revisions.count > limit else { return [] }
        let live = Set(pods.map(\.view.revisionName) + [current.name, update.name])
        let unused = revisions.filter { !live.contains($0.key.name) && !$0.isBeingDeleted }
        return unused.prefix(max(0, unused.count - limit)).map {
            .delete(.init(.controllerRevisions, $0.key, uid: $0.uid))
        }
    }

    private static let changeCause = "kubernetes.io/change-cause"

    /// The set's change-cause, when it was told after the revision was made: people apply first and annotate then. What
    /// another revision carries is the cause of that one, so after an undo nothing is told anew.
    private static func newCause(
        of revision: CachedObject<ControllerRevisionView>, _ set: StatefulSetView,
        among revisions: [CachedObject<ControllerRevisionView>]
    ) -> String? {
        guard let cause = set.metadata.annotations[changeCause],
            !revisions.contains(where: { $0.view.metadata.annotations[changeCause] == cause })
        else { return nil }
        return cause
    }

    private static func isOlder(_ left: ControllerRevisionView, _ right: ControllerRevisionView) -> Bool {
        if left.revision != right.revision { return left.revision < right.revision }
        let (first, second) = (left.metadata.creationTimestamp, right.metadata.creationTimestamp)
        if let first, let second, first != second { return first < second }
        return left.metadata.name < right.metadata.name
    }

    private static func object(
        _ set: StatefulSetView, _ name: String, _ hash: String, _ data: Value, revision: Int
    ) -> Value {
        var labels = set.template.labels
        labels["controller.kubernetes.io/hash"] = hash
        var metadata: Value = [
            "name": .string(name), "namespace": .string(set.metadata.namespace), "labels": .stringMap(labels),
            "ownerReferences": [set.owner.value],
        ]
        if !set.metadata.annotations.isEmpty { metadata["annotations"] = .stringMap(set.metadata.annotations) }
        return [
            "apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": metadata, "data": data,
            "revision": .integer(Int64(revision)),
        ]
    }
}

internal import APIProtocol
internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

/// Takes over pods and revisions that the selector chooses and nobody controls, and lets go of pods it no longer
/// chooses.
struct Adoption {
    /// What takes over.
    private(set) var adoptions: [PlannedAction] = []
    /// What lets go.
    private(set) var releases: [PlannedAction] = []
    private let set: CachedObject<StatefulSetView>

    init(_ observed: StatefulSetObserved, _ selector: LabelSelector) {
        set = observed.set
        let view = observed.set.view
        for pod in observed.orphans where !pod.isBeingDeleted && view.selects(pod.view, selector) { adopt(pod) }
        for revision in observed.orphanRevisions
        where !revision.isBeingDeleted && selector.matches(revision.view.metadata.labels) {
            adopt(revision)
        }
        for pod in observed.pods where !pod.isBeingDeleted && !view.selects(pod.view, selector) {
            let kept = pod.view.metadata.ownerReferences.filter { $0.uid != set.uid }
            releases.append(PlannedAction(Self.patch(kept, of: pod)))
        }
    }

    private mutating func adopt<View: MetadataView>(_ object: CachedObject<View>) {
        let set = set
        let patch = Self.patch(object.view.metadata.ownerReferences + [set.view.owner], of: object)
        let effect = Action.Effect("adopt \(object.key.name)") { client in
            // A stale cache could otherwise take over what was orphaned on purpose.
            let live = try await client.get(.statefulSets, namespace: set.key.namespace, name: set.key.name)
            return live.uid == set.uid && !live.isBeingDeleted ? [patch] : []
        }
        adoptions.append(PlannedAction(.effect(effect)))
    }

    private static func patch<View: MetadataView>(
        _ owners: [OwnerReference], of object: CachedObject<View>
    ) -> Action {
        .patch(
            Action.Patch(
                View.resource, object.key, uid: object.uid, revision: object.revision,
                ["metadata": ["ownerReferences": .array(owners.map(\.value))]], acceptsMissing: true))
    }
}

extension StatefulSetView {
    /// Whether a pod is, or may become, a member.
    func selects(_ pod: PodView, _ selector: LabelSelector) -> Bool {
        isParent(ofPodNamed: pod.metadata.name) && selector.matches(pod.metadata.labels)
    }
}

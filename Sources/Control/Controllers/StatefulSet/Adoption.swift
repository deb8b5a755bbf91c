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

    init(_ observed: StatefulSetObserved, _ selector: LabelSelector) {
        let claimant = Claimant(observed.set)
        let view = observed.set.view
        for pod in observed.orphans where !pod.isBeingDeleted && view.selects(pod.view, selector) {
            adoptions.append(claimant.adopt(pod))
        }
        for revision in observed.orphanRevisions
        where !revision.isBeingDeleted && selector.matches(revision.view.metadata.labels) {
            adoptions.append(claimant.adopt(revision))
        }
        for pod in observed.pods where !pod.isBeingDeleted && !view.selects(pod.view, selector) {
            releases.append(claimant.release(pod))
        }
    }
}

extension StatefulSetView {
    /// Whether a pod is, or may become, a member.
    func selects(_ pod: PodView, _ selector: LabelSelector) -> Bool {
        isParent(ofPodNamed: pod.metadata.name) && selector.matches(pod.metadata.labels)
    }
}

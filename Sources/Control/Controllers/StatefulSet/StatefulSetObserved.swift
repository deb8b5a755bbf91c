package import ControllerRuntime
package import Kinds
internal import ObjectModel

/// What is known about a set at one moment.
package struct StatefulSetObserved {
    /// The set.
    package var set: CachedObject<StatefulSetView>
    /// The pods it controls.
    package var pods: [CachedObject<PodView>]
    /// Pods of the namespace that nobody controls.
    package var orphans: [CachedObject<PodView>]
    /// The claims that exist of the ordinals that are judged and of pods too many, by name.
    package var claims: [String: CachedObject<PersistentVolumeClaimView>]
    /// The revisions it controls.
    package var revisions: [CachedObject<ControllerRevisionView>]
    /// Revisions of the namespace that nobody controls.
    package var orphanRevisions: [CachedObject<ControllerRevisionView>]
    /// Names for a new revision that other data has already.
    package var takenRevisionNames: Set<String>
    /// The revision of the template's data, under the name it would get, that the set does not control (yet).
    package var equalRevisionName: String?

    /// What is known about a set.
    package init(
        set: CachedObject<StatefulSetView>, pods: [CachedObject<PodView>], orphans: [CachedObject<PodView>] = [],
        claims: [String: CachedObject<PersistentVolumeClaimView>] = [:],
        revisions: [CachedObject<ControllerRevisionView>] = [],
        orphanRevisions: [CachedObject<ControllerRevisionView>] = [], takenRevisionNames: Set<String> = [],
        equalRevisionName: String? = nil
    ) {
        self.set = set
        self.pods = pods
        self.orphans = orphans
        self.claims = claims
        self.revisions = revisions
        self.orphanRevisions = orphanRevisions
        self.takenRevisionNames = takenRevisionNames
        self.equalRevisionName = equalRevisionName
    }
}

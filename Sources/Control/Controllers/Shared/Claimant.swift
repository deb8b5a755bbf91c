internal import APIProtocol
internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

/// An object that takes over what it selects and nobody controls, and lets go of what it no longer selects (upstream's
/// `ControllerRefManager`). Which objects these are, its controller decides.
struct Claimant {
    private let owner: OwnerReference
    private let presence: Action.Presence

    init<View: MetadataView>(_ object: CachedObject<View>) {
        owner = object.view.owner
        presence = Action.Presence(View.resource, object.key, uid: object.uid)
    }

    /// Makes it the controller. A stale cache could otherwise take over what was orphaned on purpose, so the claimant
    /// is looked up first.
    func adopt<View: MetadataView>(_ object: CachedObject<View>) -> PlannedAction {
        patch(object.view.metadata.ownerReferences + [owner], of: object, whileLive: presence)
    }

    /// Takes it out of the owners.
    func release<View: MetadataView>(_ object: CachedObject<View>) -> PlannedAction {
        patch(object.view.metadata.ownerReferences.filter { $0.uid != owner.uid }, of: object, whileLive: nil)
    }

    private func patch<View: MetadataView>(
        _ owners: [OwnerReference], of object: CachedObject<View>, whileLive: Action.Presence?
    ) -> PlannedAction {
        PlannedAction(
            .patch(
                Action.Patch(
                    View.resource, object.key, uid: object.uid, revision: object.revision,
                    ["metadata": ["ownerReferences": .array(owners.map(\.value))]], acceptsMissing: true,
                    whileLive: whileLive)))
    }
}

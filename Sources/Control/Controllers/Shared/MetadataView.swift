internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

/// Views with metadata, so that they share indices and rules of ownership.
protocol MetadataView: ObjectView {
    var metadata: ObjectMetadata { get }
}

extension PodView: MetadataView {}
extension ControllerRevisionView: MetadataView {}
extension StatefulSetView: MetadataView {}
extension ReplicaSetView: MetadataView {}
extension DeploymentView: MetadataView {}

extension CacheIndex where View: MetadataView {
    static var controller: CacheIndex {
        CacheIndex("controller") { $0.view.metadata.controller.map { [$0.uid] } ?? [] }
    }
    static var orphan: CacheIndex {
        CacheIndex("orphan") { $0.view.metadata.controller == nil ? [$0.key.namespace] : [] }
    }
}

extension MetadataView {
    /// The object as the controller of another one.
    var owner: OwnerReference {
        OwnerReference(
            apiVersion: Self.resource.groupVersion.apiVersion, kind: Self.resource.kind, name: metadata.name,
            uid: metadata.uid, isController: true, blockOwnerDeletion: true)
    }

    /// A note about the object.
    func note(_ severity: EventNote.Severity, _ reason: String, _ message: String) -> EventNote {
        EventNote(
            ObjectReference(Self.resource, metadata.namespacedName, uid: metadata.uid), severity, reason: reason,
            message: message)
    }
}

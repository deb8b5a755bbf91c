internal import ControllerRuntime
internal import Kinds
package import ObjectModel

/// What garbage collection knows of an object of any kind.
package struct OwnershipView: ObjectView {
    /// The shape; the kinds are given to each cache.
    package static let resource = APIResource(
        group: "meta.k8s.io", kind: "PartialObjectMetadata", plural: "partialobjectmetadata")

    /// The owners.
    let owners: [OwnerReference]
    /// The finalizers.
    let finalizers: [String]

    /// Reads an object's metadata.
    package init(_ object: Value) {
        owners = object["metadata"]?["ownerReferences"]?.array?.map { OwnerReference($0) } ?? []
        finalizers = object.finalizers
    }

    static let orphanFinalizer = "orphan"
    static let foregroundFinalizer = "foregroundDeletion"
}

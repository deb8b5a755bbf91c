internal import APIServer
internal import Kinds
internal import ObjectModel

/// Claims without a class get the default one, the newest when several are. Upstream's plugin of the same name.
struct DefaultStorageClass: AdmissionPlugin {
    let name = "DefaultStorageClass"
    let stored: StoredObjects

    func mutate(_ request: inout AdmissionRequest) async throws(APIStatus) {
        guard request.creates(.persistentVolumeClaims) else { return }
        let hasClass = request.object["spec"]?["storageClassName"]?.string != nil
        let hasOldClass = request.object.annotations["volume.beta.kubernetes.io/storage-class"] != nil
        guard !hasClass, !hasOldClass else { return }
        let classes = try await stored.objects(.storageClasses).filter { StorageClassView($0).isDefault }
        guard let chosen = classes.min(by: Self.isPreferred) else { return }
        request.object["spec", "storageClassName"] = .string(chosen.name)
    }

    private static func isPreferred(_ left: Value, _ right: Value) -> Bool {
        let times = [left, right].map { $0["metadata"]?["creationTimestamp"]?.string ?? "" }
        return times[0] == times[1] ? left.name < right.name : times[0] > times[1]
    }
}

/// Only a bound claim may ask for more, and only where its class says that volumes can grow. Upstream's plugin of the same
/// name.
struct PersistentVolumeClaimResize: AdmissionPlugin {
    let name = "PersistentVolumeClaimResize"
    let stored: StoredObjects

    func validate(_ request: AdmissionRequest) async throws(APIStatus) {
        guard request.operation == .update, request.writes(.persistentVolumeClaims) else { return }
        let (old, new) = (PersistentVolumeClaimView(request.old ?? .null), PersistentVolumeClaimView(request.object))
        guard let former = old.storageRequest, let wanted = new.storageRequest, former < wanted else { return }
        guard old.phase == "Bound" else {
            throw request.forbidden("Only bound persistent volume claims can be expanded")
        }
        if let name = new.storageClassName, !name.isEmpty, name == old.storageClassName,
            let storageClass = try await stored.object(.storageClasses, name: name),
            StorageClassView(storageClass).allowVolumeExpansion
        {
            return
        }
        throw request.forbidden(
            "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support "
                + "resize")
    }
}

/// Claims and volumes in use are not deleted under their users: each begins with a finalizer that a controller takes
/// away. Upstream's plugin of the same name.
struct StorageObjectInUseProtection: AdmissionPlugin {
    /// The finalizer of claims.
    static let claimFinalizer = "kubernetes.io/pvc-protection"
    /// The finalizer of volumes.
    static let volumeFinalizer = "kubernetes.io/pv-protection"

    let name = "StorageObjectInUseProtection"

    func mutate(_ request: inout AdmissionRequest) async throws(APIStatus) {
        if request.creates(.persistentVolumeClaims) { Self.add(Self.claimFinalizer, to: &request.object) }
        if request.creates(.persistentVolumes) { Self.add(Self.volumeFinalizer, to: &request.object) }
    }

    private static func add(_ finalizer: String, to object: inout Value) {
        let given = object["metadata"]?["finalizers"]?.array ?? []
        guard !given.contains(.string(finalizer)) else { return }
        object["metadata", "finalizers"] = .array(given + [.string(finalizer)])
    }
}

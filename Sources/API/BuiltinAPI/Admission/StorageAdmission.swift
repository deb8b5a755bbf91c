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

package import APIServer
package import ObjectModel
package import ObjectStorage
internal import Schema

/// The admission plugins of the builtin kinds, in upstream's order.
package enum BuiltinAdmission {
    /// All of them. Service addresses come from `serviceRange`.
    package static func plugins(
        store: any Store, serviceRange: IPv4Range, environment: ServerEnvironment = .system
    ) -> [any AdmissionPlugin] {
        let stored = StoredObjects(store: store)
        return [
            NamespaceLifecycle(stored: stored),
            ServiceAccountAdmission(stored: stored, environment: environment),
            DefaultTolerationSeconds(),
            PodPriority(),
            DefaultStorageClass(stored: stored),
            PersistentVolumeClaimResize(stored: stored),
            StorageObjectInUseProtection(),
            ServiceAddresses(
                store: store, allocator: ServiceAddressAllocator(range: serviceRange), random: environment.random),
        ]
    }
}

/// Looks objects up for admission, in the store's newest state.
struct StoredObjects: Sendable {
    let store: any Store

    func object(_ resource: APIResource, namespace: String = "", name: String) async throws(APIStatus) -> Value? {
        try await encoded(resource, namespace: namespace, name: name)?.value
    }

    /// An object that is not parsed: for who asks whether it is there, or for one field.
    func encoded(
        _ resource: APIResource, namespace: String = "", name: String
    ) async throws(APIStatus) -> StoredObject? {
        do throws(StoreError) {
            return try await store.object(at: Self.key(resource, namespace, name))
        } catch { throw .failedLookup(error) }
    }

    func objects(_ resource: APIResource) async throws(APIStatus) -> [Value] {
        do throws(StoreError) {
            let range = KeyRange(resource.groupResource)
            return try await store.objects(in: range, at: .latest, after: nil, limit: nil).objects.map(\.value)
        } catch { throw .failedLookup(error) }
    }

    static func key(_ resource: APIResource, _ namespace: String, _ name: String) -> StoreKey {
        StoreKey(resource.groupResource, namespace: namespace, name: name)
    }
}

extension APIStatus {
    /// Why admission could not look something up.
    static func failedLookup(_ error: StoreError) -> APIStatus {
        switch error {
        case .unavailable(let message): .unavailable(message)
        default: .internalError("admission could not read the store: \(error)")
        }
    }
}

extension AdmissionRequest {
    /// Whether the main resource of this kind is written.
    func writes(_ resource: APIResource) -> Bool {
        subresource.isEmpty && kind.resource == resource.groupResource
    }

    /// Whether an object of this kind is created.
    func creates(_ resource: APIResource) -> Bool { operation == .create && writes(resource) }

    /// 403 with what follows "is forbidden: ".
    func forbidden(_ message: String) -> APIStatus {
        let names = [name, object.name, object["metadata"]?["generateName"]?.string ?? ""]
        return .forbidden(kind.resource, name: names.first { !$0.isEmpty } ?? "Unknown", message)
    }
}

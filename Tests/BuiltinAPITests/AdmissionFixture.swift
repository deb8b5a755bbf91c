import APIProtocol
import APIServer
import Kinds
import ObjectModel
import ObjectStorage
import Schema

@testable import BuiltinAPI

/// A store with objects, and plugins run over it the way the pipeline does.
struct AdmissionFixture {
    let store = MemoryStore()
    let now = Timestamp(seconds: 1_800_000_000)
    var stored: StoredObjects { StoredObjects(store: store) }

    static func kind(_ resource: APIResource) -> KindDefinition {
        KindDefinition(
            gvk: GroupVersionKind(resource.groupVersion, resource.kind),
            names: KindNames(plural: resource.plural, singular: resource.kind.lowercased()),
            scope: resource.isNamespaced ? .namespaced : .cluster,
            verbs: ["create", "delete", "get", "list", "patch", "update", "watch"], schema: .open)
    }

    func put(_ resource: APIResource, _ object: Value) async throws {
        let key = StoredObjects.key(resource, resource.isNamespaced ? object.namespace : "", object.name)
        _ = try await store.commit(
            StoreWrite(key: key, precondition: .absent, change: .put(EncodedObject(object))))
    }

    func request(
        _ resource: APIResource, _ object: Value, old: Value? = nil, as operation: AdmissionRequest.Operation = .create
    ) -> AdmissionRequest {
        let named = object.isNull ? old ?? .null : object
        return AdmissionRequest(
            operation: operation, kind: Self.kind(resource),
            namespace: resource.isNamespaced ? named.namespace : "", name: named.name, object: object, old: old,
            user: UserInfo(name: "tester"), now: now)
    }

    /// The object after `mutate` and `validate`.
    func admit(_ plugin: any AdmissionPlugin, _ request: AdmissionRequest) async throws(APIStatus) -> Value {
        var request = request
        try await plugin.mutate(&request)
        try await plugin.validate(request)
        await plugin.finished(request, committed: false)
        return request.object
    }

    static func named(_ name: String, in namespace: String = "default", _ fields: Value = .emptyObject) -> Value {
        var object = fields
        object["metadata", "name"] = .string(name)
        if !namespace.isEmpty { object["metadata", "namespace"] = .string(namespace) }
        return object
    }
}

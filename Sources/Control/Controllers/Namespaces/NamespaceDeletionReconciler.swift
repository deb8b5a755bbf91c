internal import APIProtocol
package import ControllerRuntime
package import Kinds
package import ObjectModel

/// Empties namespaces that are being deleted, pods first, and lets them go when nothing is left.
package struct NamespaceDeletionReconciler: Reconciler {
    /// Something is left that takes time to go; the namespace is looked at again.
    struct ContentRemains: Error, CustomStringConvertible {
        let description: String
    }

    private let resources: @Sendable () -> [APIResource]

    /// A reconciler that empties namespaces of all `resources` that live in namespaces.
    package init(resources: @escaping @Sendable () -> [APIResource]) { self.resources = resources }

    /// What the caches know of a namespace that is being deleted.
    package func observe(_ key: NamespacedName, in caches: ControlCaches) -> CachedObject<NamespaceView>? {
        guard let namespace = caches.namespaces.object(key), namespace.isBeingDeleted else { return nil }
        return namespace.view.specFinalizers.contains("kubernetes") ? namespace : nil
    }

    /// What to do: emptying it, then letting it go.
    package func reconcile(_ namespace: CachedObject<NamespaceView>, at now: Timestamp) -> Plan {
        let resources = resources().filter(\.isNamespaced).sorted { $0.plural < $1.plural }
        let empty = Action.Effect("empty the namespace \(namespace.key.name)") { client in
            try await Self.empty(namespace.key.name, of: [.pods], client)
            try await Self.empty(namespace.key.name, of: resources.filter { $0 != .pods }, client)
            return []
        }
        let finalize = Action.Effect("finalize the namespace \(namespace.key.name)") { client in
            try await Self.finalize(namespace, client)
            return []
        }
        return Plan([.effect(empty), .effect(finalize)], explanation: "the namespace is being deleted")
    }

    private static func empty(_ namespace: String, of resources: [APIResource], _ client: APIClient) async throws {
        var remaining: [String] = []
        for resource in resources {
            let list = try await client.list(resource, namespace: namespace)
            for object in list.items {
                let isGone = try await delete(object, resource, client)
                if !isGone { remaining.append("\(resource.plural)/\(object.name)") }
            }
        }
        if !remaining.isEmpty {
            throw ContentRemains(description: "\(remaining.count) objects remain, such as \(remaining[0])")
        }
    }

    private static func delete(_ object: Value, _ resource: APIResource, _ client: APIClient) async throws -> Bool {
        if object.isBeingDeleted { return false }
        do throws(APIError) {
            let options = DeleteOptions(uid: object.uid, propagationPolicy: "Background")
            let reply = try await client.delete(
                resource, namespace: object.namespace, name: object.name, options: options)
            return !reply.isBeingDeleted
        } catch {
            if error.isNotFound { return true }
            if error.code == 405 { return true }
            throw error
        }
    }

    private static func finalize(_ namespace: CachedObject<NamespaceView>, _ client: APIClient) async throws {
        do throws(APIError) {
            var object = try await client.get(.namespaces, name: namespace.key.name)
            guard object.uid == namespace.uid else { return }
            let others = namespace.view.specFinalizers.filter { $0 != "kubernetes" }
            object["spec", "finalizers"] = .array(others.map { .string($0) })
            _ = try await client.update(.namespaces, object, subresource: "finalize")
        } catch {
            if !error.isNotFound { throw error }
        }
    }
}

internal import APIProtocol
package import ControllerRuntime
internal import Kinds
package import ObjectModel

/// Judges one object by its owners and, while it is being deleted, by its dependents.
///
/// Keeps (https://kubernetes.io/docs/concepts/architecture/garbage-collection): an object goes when all its owners are
/// gone; a foreground deletion waits for dependents that block it; an orphaning deletion takes the owner out of them.
/// An owner that the caches lack is looked up in the API, by uid, before anything is deleted.
package struct GarbageReconciler: Reconciler {
    /// What is known about an owner.
    package enum OwnerState: Sendable, Hashable {
        /// It exists.
        case present
        /// It exists, and waits for its dependents to go first.
        case waitingForDependents
        /// The caches do not have it.
        case unseen(APIResource, NamespacedName)
        /// Its kind is not collected: it is left alone.
        case unknown
    }

    /// One object that depends on the observed one.
    package struct Dependent: Sendable {
        /// Its resource.
        package var resource: APIResource
        /// The object.
        package var object: CachedObject<OwnershipView>
    }

    /// What is known about an object.
    package struct Observed: Sendable {
        /// Its resource.
        package var resource: APIResource
        /// The object.
        package var object: CachedObject<OwnershipView>
        /// What is known about each of its owners, by uid.
        package var owners: [String: OwnerState]
        /// What depends on it.
        package var dependents: [Dependent]
    }

    /// A reconciler.
    package init() {}

    /// What the caches know of the object, its owners and its dependents.
    package func observe(_ key: GarbageKey, in caches: OwnershipCaches) -> Observed? {
        guard let object = caches.caches[key.resource]?.object(key.key) else { return nil }
        var owners: [String: OwnerState] = [:]
        for owner in object.view.owners {
            owners[owner.uid] = state(of: owner, namespace: key.key.namespace, in: caches)
        }
        let dependents = caches.dependents(of: object.uid).map { Dependent(resource: $0.0, object: $0.1) }
        return Observed(resource: key.resource, object: object, owners: owners, dependents: dependents)
    }

    private func state(of owner: OwnerReference, namespace: String, in caches: OwnershipCaches) -> OwnerState {
        guard let resource = caches.resource(apiVersion: owner.apiVersion, kind: owner.kind) else { return .unknown }
        // An object of the cluster cannot be owned by one of a namespace.
        if resource.isNamespaced, namespace.isEmpty { return .unknown }
        let key = NamespacedName(namespace: resource.isNamespaced ? namespace : "", name: owner.name)
        guard let object = caches.caches[resource]?.object(key), object.uid == owner.uid else {
            return .unseen(resource, key)
        }
        let waits = object.isBeingDeleted && object.view.finalizers.contains(OwnershipView.foregroundFinalizer)
        return waits ? .waitingForDependents : .present
    }

    /// What to do: deleting or orphaning it, or letting its deletion go on.
    package func reconcile(_ observed: Observed, at now: Timestamp) -> Plan {
        let object = observed.object
        if object.isBeingDeleted {
            if object.view.finalizers.contains(OwnershipView.orphanFinalizer) { return orphan(observed) }
            if object.view.finalizers.contains(OwnershipView.foregroundFinalizer) { return foreground(observed) }
            return .nothing
        }
        return collect(observed)
    }

    /// Takes the owner out of its dependents, then lets it go.
    private func orphan(_ observed: Observed) -> Plan {
        let owner = observed.object
        var plan = Plan(explanation: "orphaning \(observed.dependents.count) dependents")
        plan.append(
            together: observed.dependents.map { dependent in
                let kept = dependent.object.view.owners.filter { $0.uid != owner.uid }
                return PlannedAction(setOwners(kept, of: dependent.object, dependent.resource))
            })
        plan.append(removeFinalizer(OwnershipView.orphanFinalizer, observed))
        return plan
    }

    /// Waits until no dependent blocks the deletion. The dependents delete themselves, by `collect`.
    private func foreground(_ observed: Observed) -> Plan {
        let blocking = observed.dependents.filter { dependent in
            dependent.object.view.owners.contains { $0.uid == observed.object.uid && $0.blockOwnerDeletion }
        }
        if !blocking.isEmpty { return Plan(explanation: "\(blocking.count) dependents block the deletion") }
        return Plan(
            [removeFinalizer(OwnershipView.foregroundFinalizer, observed)], explanation: "no dependent is left")
    }

    private func collect(_ observed: Observed) -> Plan {
        let object = observed.object
        var unseen: [(uid: String, resource: APIResource, key: NamespacedName)] = []
        var waiting: Set<String> = []
        var isHeld = false
        for owner in object.view.owners {
            switch observed.owners[owner.uid] ?? .unknown {
            case .present, .unknown: isHeld = true
            case .waitingForDependents: waiting.insert(owner.uid)
            case .unseen(let resource, let key): unseen.append((owner.uid, resource, key))
            }
        }
        if unseen.isEmpty, waiting.isEmpty { return .nothing }
        let (candidates, held, waits, resource) = (unseen, isHeld, waiting, observed.resource)
        let policy = observed.dependents.isEmpty || waiting.isEmpty ? "Background" : "Foreground"
        let effect = Action.Effect("collect \(resource.plural)/\(object.key)") { client in
            var gone = waits
            for owner in candidates {
                if try await Self.isAbsent(owner.uid, owner.resource, owner.key, client) { gone.insert(owner.uid) }
            }
            let kept = object.view.owners.filter { !gone.contains($0.uid) }
            if gone.isEmpty { return [] }
            if held || !kept.isEmpty { return [setOwners(kept, of: object, resource)] }
            return [
                .delete(
                    .init(
                        resource, object.key, uid: object.uid, propagationPolicy: policy, revision: object.revision))
            ]
        }
        return Plan([.effect(effect)], explanation: "owners are gone or going")
    }

    private static func isAbsent(
        _ uid: String, _ resource: APIResource, _ key: NamespacedName, _ client: APIClient
    ) async throws -> Bool {
        do throws(APIError) {
            return try await client.get(resource, namespace: key.namespace, name: key.name).uid != uid
        } catch {
            if error.isNotFound { return true }
            throw error
        }
    }

    private func setOwners(
        _ owners: [OwnerReference], of object: CachedObject<OwnershipView>, _ resource: APIResource
    ) -> Action {
        let value: Value = owners.isEmpty ? .null : .array(owners.map(\.value))
        return .patch(
            .init(
                resource, object.key, uid: object.uid, revision: object.revision,
                ["metadata": ["ownerReferences": value]], acceptsMissing: true))
    }

    private func removeFinalizer(_ name: String, _ observed: Observed) -> Action {
        let kept = observed.object.view.finalizers.filter { $0 != name }
        return .patch(
            .init(
                observed.resource, observed.object.key, uid: observed.object.uid, revision: observed.object.revision,
                ["metadata": ["finalizers": kept.isEmpty ? .null : .array(kept.map { .string($0) })]],
                acceptsMissing: true))
    }
}

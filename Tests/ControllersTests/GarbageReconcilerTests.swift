import APIProtocol
import ControllerRuntime
import Controllers
import Kinds
import ObjectModel
import Testing

@Suite struct GarbageReconcilerTests {
    private let caches = OwnershipCaches(resources: [.statefulSets, .pods])

    private func put(
        _ resource: APIResource, _ name: String, uid: String, owners: [(String, blocks: Bool)] = [],
        finalizers: [Value] = [], isBeingDeleted: Bool = false
    ) {
        let revision = Revision((caches.caches[resource]?.revision ?? .zero).value + 1)
        var object: Value = [
            "metadata": [
                "name": .string(name), "namespace": "ns", "uid": .string(uid),
                "resourceVersion": .string(revision.description),
                "finalizers": .array(finalizers),
                "ownerReferences": .array(
                    owners.map {
                        [
                            "apiVersion": "apps/v1", "kind": "StatefulSet", "name": .string($0.0), "uid": .string($0.0),
                            "blockOwnerDeletion": .bool($0.blocks),
                        ]
                    }),
            ]
        ]
        if isBeingDeleted { object["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z" }
        caches.caches[resource]?.apply(.init(kind: .added, object: object))
    }

    private func plan(_ resource: APIResource, _ name: String) -> Plan? {
        let reconciler = GarbageReconciler()
        let key = GarbageKey(resource: resource, key: NamespacedName(namespace: "ns", name: name))
        return reconciler.observe(key, in: caches).map {
            reconciler.reconcile($0, at: Timestamp(seconds: 1_800_000_000))
        }
    }

    private func patched(_ plan: Plan?) -> [String] {
        (plan?.actions ?? []).compactMap { if case .patch(let patch) = $0 { patch.key.name } else { nil } }
    }

    @Test func anObjectWhoseOwnerExistsStays() {
        put(.statefulSets, "web", uid: "web")
        put(.pods, "web-0", uid: "p", owners: [("web", blocks: true)])
        #expect(plan(.pods, "web-0")?.isEmpty == true)
    }

    @Test func anObjectWithoutOwnersStays() {
        put(.pods, "web-0", uid: "p")
        #expect(plan(.pods, "web-0")?.isEmpty == true)
    }

    @Test func anOwnerThatTheCacheLacksIsLookedUp() {
        put(.pods, "web-0", uid: "p", owners: [("web", blocks: true)])
        #expect(plan(.pods, "web-0")?.actions.count == 1)
        // Another object of the owner's name is not the owner.
        put(.statefulSets, "web", uid: "another")
        #expect(plan(.pods, "web-0")?.actions.count == 1)
    }

    @Test func orphaningTakesTheOwnerOutAndThenLetsItGo() {
        put(.statefulSets, "web", uid: "web", finalizers: ["orphan"], isBeingDeleted: true)
        put(.pods, "web-0", uid: "p0", owners: [("web", blocks: true)])
        put(.pods, "web-1", uid: "p1", owners: [("web", blocks: true)])
        #expect(patched(plan(.statefulSets, "web")) == ["web-0", "web-1", "web"])
        #expect(plan(.pods, "web-0")?.isEmpty == true)
    }

    @Test func aForegroundDeletionWaitsForWhatBlocksIt() {
        put(.statefulSets, "web", uid: "web", finalizers: ["foregroundDeletion"], isBeingDeleted: true)
        put(.pods, "web-0", uid: "p0", owners: [("web", blocks: true)])
        #expect(plan(.statefulSets, "web")?.isEmpty == true)
        // The dependent goes first.
        #expect(plan(.pods, "web-0")?.actions.count == 1)
        caches.caches[.pods]?.apply(
            .init(
                kind: .deleted,
                object: ["metadata": ["name": "web-0", "namespace": "ns", "uid": "p0", "resourceVersion": "2"]]))
        put(.pods, "web-1", uid: "p1", owners: [("web", blocks: false)])
        #expect(patched(plan(.statefulSets, "web")) == ["web"])
    }
}

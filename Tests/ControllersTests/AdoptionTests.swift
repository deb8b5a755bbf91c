import ControllerRuntime
import Controllers
import Kinds
import ObjectModel
import Testing

/// A set that is made again after `kubectl delete --cascade=orphan`, as caches show it.
@Suite struct AdoptionTests {
    private let caches = ControlCaches()
    private let key = NamespacedName(namespace: "ns", name: "web")
    private let now = Timestamp(seconds: 1_800_000_000)

    /// What a set of two had, with its objects owned as said.
    private func observe(owners: Value?, revisionLabels: Value? = nil, revisionData: Value? = nil) throws -> Plan {
        var model = SetModel(replicas: 2)
        model.run()
        var set = model.set
        set["metadata", "uid"] = "new-uid"
        set["status"] = nil
        func named(_ object: Value) -> Value {
            var object = object
            object["metadata", "namespace"] = "ns"
            return object
        }
        func owned(_ object: Value) -> Value {
            var object = named(object)
            object["metadata", "ownerReferences"] = owners
            return object
        }
        let revisions = model.revisions.values.map { revision in
            var revision = owned(revision)
            if let revisionLabels { revision["metadata", "labels"] = revisionLabels }
            if let revisionData { revision["data"] = revisionData }
            return revision
        }
        caches.statefulSets.replace([set], at: Revision(100))
        caches.pods.replace(model.pods.values.map(owned), at: Revision(100))
        caches.claims.replace(model.claims.values.map { named($0) }, at: Revision(100))
        caches.revisions.replace(revisions, at: Revision(100))
        let observed = try #require(StatefulSetReconciler().observe(key, in: caches))
        return StatefulSetReconciler().reconcile(observed, at: now)
    }

    private func owner(_ uid: String) -> Value {
        [
            [
                "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": .string(uid),
                "controller": true, "blockOwnerDeletion": true,
            ]
        ]
    }

    private func texts(_ plan: Plan) -> [String] {
        plan.actions.map { action in
            switch action {
            case .create(let resource, _, _): "create \(resource.plural)"
            case .patch(let patch) where patch.whileLive != nil: "adopt \(patch.key.name)"
            case .patch(let patch): "patch \(patch.resource.plural)"
            default: "other"
            }
        }
    }

    @Test func orphanedPodsAndRevisionsAreAdoptedBeforeAnythingIsJudged() throws {
        let texts = texts(try observe(owners: nil))
        #expect(texts.count == 3)
        #expect(texts.allSatisfy { $0.hasPrefix("adopt web-") })
    }

    @Test func adoptedRevisionsKeepTheirNameAndTheirPods() throws {
        let plan = try observe(owners: owner("new-uid"))
        #expect(texts(plan) == ["patch statefulsets"])
        guard case .patch(let patch) = plan.actions[0] else { return }
        #expect(patch.body["status", "collisionCount"]?.int == 0)
        #expect(patch.body["status", "replicas"]?.int == 2)
        #expect(patch.body["status", "updatedReplicas"]?.int == 2)
    }

    @Test func aRevisionOfEqualDataIsTheSameWhoeverControlsIt() throws {
        let texts = texts(try observe(owners: owner("old-uid")))
        #expect(!texts.contains("create controllerrevisions"))
        #expect(texts.contains("create pods"))
    }

    @Test func aRevisionOfOtherDataIsACollision() throws {
        let plan = try observe(owners: owner("old-uid"), revisionData: ["spec": [:]])
        #expect(texts(plan).first == "create controllerrevisions")
        let status = plan.actions.compactMap { action in
            if case .patch(let patch) = action { patch.body["status"] } else { Value?.none }
        }
        #expect(status.first?["collisionCount"]?.int == 1)
    }

    @Test func revisionsOfOtherLabelsAreNotAdopted() throws {
        let texts = texts(try observe(owners: nil, revisionLabels: ["app": "other"]))
        #expect(texts == ["adopt web-0", "adopt web-1"])
    }
}

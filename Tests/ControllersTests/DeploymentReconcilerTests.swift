import ControllerRuntime
import Controllers
import Kinds
import ObjectModel
import Testing

@Suite struct DeploymentReconcilerTests {
    private func running(_ replicas: Int, spec: [String: Value] = [:]) -> RolloutModel {
        var model = RolloutModel(replicas: replicas, spec: spec)
        model.run()
        return model
    }

    private func hash(_ image: String) -> String {
        NewReplicaSet.hash(RolloutModel.template(image), collisionCount: 0)
    }

    @Test func aSetIsMadeForTheTemplate() throws {
        let model = running(3)
        let set = try #require(model.sets.first)
        let hash = hash("v1")
        #expect(model.sets.count == 1)
        #expect(set.metadata.name == "web-\(hash)")
        #expect(set.metadata.labels == ["app": "web", "pod-template-hash": hash])
        #expect(set.template.labels == ["app": "web", "pod-template-hash": hash])
        #expect(set.selector?.text == "app=web,pod-template-hash=\(hash)")
        #expect(
            set.metadata.annotations == [
                "deployment.kubernetes.io/revision": "1", "deployment.kubernetes.io/desired-replicas": "3",
                "deployment.kubernetes.io/max-replicas": "4",
            ])
        let owner = try #require(set.metadata.controller)
        #expect(owner.uid == "deployment-uid" && owner.kind == "Deployment" && owner.blockOwnerDeletion)
        #expect(model.view.metadata.annotations[RolloutModel.revision] == "1")
        #expect(model.violations.isEmpty, "\(model.violations)")
    }

    @Test func theStatusTellsWhatIsThere() {
        let model = running(3)
        #expect(
            model.deployment["status"]?.without("conditions") == [
                "observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3,
                "availableReplicas": 3, "terminatingReplicas": 0,
            ])
        #expect(
            model.status.conditions.map { "\($0.type) \($0.status) \($0.reason): \($0.message)" } == [
                "Available True MinimumReplicasAvailable: Deployment has minimum availability.",
                "Progressing True NewReplicaSetAvailable: ReplicaSet \"web-\(hash("v1"))\" has successfully progressed.",
            ])
    }

    @Test func eventsSpeakUpstreamsWords() {
        var model = running(3)
        model.setImage("v2")
        model.run()
        let (old, new) = ("web-\(hash("v1"))", "web-\(hash("v2"))")
        #expect(
            model.messages.filter { $0.hasPrefix("ScalingReplicaSet") } == [
                "ScalingReplicaSet: Scaled up replica set \(old) from 0 to 3",
                "ScalingReplicaSet: Scaled up replica set \(new) from 0 to 1",
                "ScalingReplicaSet: Scaled down replica set \(old) from 3 to 2",
                "ScalingReplicaSet: Scaled up replica set \(new) from 1 to 2",
                "ScalingReplicaSet: Scaled down replica set \(old) from 2 to 1",
                "ScalingReplicaSet: Scaled up replica set \(new) from 2 to 3",
                "ScalingReplicaSet: Scaled down replica set \(old) from 1 to 0",
            ])
        #expect(model.active.allSatisfy { model.image($0) == "v2" })
        #expect(model.sets.map(\.replicas) == [0, 3])
        #expect(model.violations.isEmpty, "\(model.violations)")
    }

    @Test func goingBackUsesTheOldSetAgainAndKeepsTheHistory() throws {
        var model = running(2)
        model.annotate("kubernetes.io/change-cause", "first")
        model.run()
        model.edit {
            $0["spec", "template"] = RolloutModel.template("v2")
            $0["metadata", "annotations", "kubernetes.io/change-cause"] = "second"
        }
        model.run()
        #expect(model.sets.map { $0.metadata.annotations["kubernetes.io/change-cause"] } == ["first", "second"])
        model.setImage("v1")
        model.run()
        let set = try #require(model.newest)
        #expect(model.sets.count == 2)
        #expect(set.metadata.annotations[RolloutModel.revision] == "3")
        #expect(set.metadata.annotations["deployment.kubernetes.io/revision-history"] == "1")
        #expect(model.view.metadata.annotations[RolloutModel.revision] == "3")
        #expect(model.sets.map { $0.metadata.annotations[RolloutModel.revision] } == ["2", "3"])
    }

    @Test func labelsAndDefaultsThatTheSetAddsMakeNoNewTemplate() {
        var template = RolloutModel.template("v1")
        template["metadata", "labels", "pod-template-hash"] = "abc"
        template["spec", "volumes"] = []
        #expect(NewReplicaSet.isSame(template, RolloutModel.template("v1")))
        #expect(!NewReplicaSet.isSame(RolloutModel.template("v2"), RolloutModel.template("v1")))
    }

    @Test func oldSetsBeyondTheLimitGoOldestFirst() {
        var model = running(1, spec: ["revisionHistoryLimit": 2])
        for version in 2...5 {
            model.setImage("v\(version)")
            model.run()
        }
        #expect(model.sets.map { $0.metadata.annotations[RolloutModel.revision] } == ["3", "4", "5"])
        var unlimited = running(1, spec: ["revisionHistoryLimit": .integer(Int64(Int32.max))])
        for version in 2...5 {
            unlimited.setImage("v\(version)")
            unlimited.run()
        }
        #expect(unlimited.sets.count == 5)
    }

    @Test func recreateRemovesAllOldPodsFirst() {
        var model = running(3, spec: ["strategy": ["type": "Recreate"]])
        model.setImage("v2")
        model.settle()
        #expect(model.active.isEmpty && model.pods.count == 3)
        #expect(model.sets.count == 1)
        model.run()
        #expect(model.active.count == 3)
        #expect(model.active.allSatisfy { model.image($0) == "v2" })
        #expect(model.violations.isEmpty, "\(model.violations)")
    }

    @Test func recreateWaitsForASetWhosePodsAreNotSeenYet() throws {
        var model = RolloutModel(replicas: 2, spec: ["strategy": ["type": "Recreate"]])
        model.deliverAll()
        model.reconcileDeployment()
        model.deliver(.replicaSets)
        let old = try #require(model.sets.first?.metadata.name)
        model.reconcileSet(old)
        #expect(model.pods.count == 2)
        model.setImage("v2")
        for _ in 0..<3 {
            while model.deliver(.deployments) || model.deliver(.replicaSets) {}
            model.reconcileDeployment()
            for set in model.sets where set.metadata.name != old { model.reconcileSet(set.metadata.name) }
        }
        #expect(model.sets.map(\.replicas) == [0])
        model.run()
        #expect(model.active.allSatisfy { model.image($0) == "v2" } && model.active.count == 2)
        #expect(model.violations.isEmpty, "\(model.violations)")
    }

    @Test func recreateDoesNotScaleBesideOldPodsThoughItIsPaused() {
        var model = running(2, spec: ["strategy": ["type": "Recreate"]])
        model.setImage("v2")
        model.run()
        model.setImage("v1")
        model.settle()
        #expect(model.active.isEmpty && model.pods.count == 2)
        model.edit { $0["spec", "paused"] = true }
        model.settle()
        #expect(model.sets.map(\.replicas) == [0, 0])
        model.run()
        #expect(model.active.count == 2 && model.active.allSatisfy { model.image($0) == "v1" })
        #expect(model.violations.isEmpty, "\(model.violations)")
    }

    @Test func scalingUpWaitsForPodsThatAreOnTheirWayOut() throws {
        var model = running(6)
        model.scale(2)
        model.deliverAll()
        model.reconcileDeployment()
        model.scale(4)
        model.deliverAll()
        model.reconcileDeployment()
        #expect(model.sets.map(\.replicas) == [2])
        model.run()
        #expect(model.sets.map(\.replicas) == [4] && model.active.count == 4)
    }

    @Test func aStrategyThatBecomesRecreateAmidARolloutEndsIt() {
        var model = running(4)
        model.setImage("v2")
        model.settle()
        model.edit {
            $0["spec", "strategy"] = ["type": "Recreate"]
            $0["spec", "replicas"] = 3
        }
        model.run()
        #expect(model.active.count == 3 && model.active.allSatisfy { model.image($0) == "v2" })
        #expect(model.progress?.reason == "NewReplicaSetAvailable")
    }

    @Test func scalingAmidARolloutIsProportional() {
        var model = running(10, spec: ["strategy": ["rollingUpdate": ["maxSurge": 3, "maxUnavailable": 2]]])
        model.setImage("bad")
        model.settle()
        #expect(model.sets.map(\.replicas) == [8, 5])
        model.scale(15)
        model.settle()
        #expect(model.sets.map(\.replicas) == [11, 7])
        #expect(
            model.sets.map { $0.metadata.annotations["deployment.kubernetes.io/max-replicas"] } == ["18", "18"])
        #expect(model.violations.isEmpty, "\(model.violations)")
    }

    @Test func aPausedDeploymentIsScaledButNotRolled() {
        var model = running(2)
        model.edit { $0["spec", "paused"] = true }
        model.run()
        #expect(model.progress?.reason == "DeploymentPaused" && model.progress?.status == "Unknown")
        model.setImage("v2")
        model.scale(4)
        model.run()
        #expect(model.active.count == 4)
        #expect(model.active.allSatisfy { model.image($0) == "v1" })
        #expect(model.sets.count == 1)
        model.edit { $0["spec", "paused"] = false }
        model.run()
        #expect(model.active.allSatisfy { model.image($0) == "v2" })
        #expect(model.progress?.reason == "NewReplicaSetAvailable")
    }

    @Test func aRolloutThatDoesNotMoveTimesOut() {
        var model = running(2, spec: ["progressDeadlineSeconds": 60])
        model.setImage("bad")
        model.settle()
        #expect(model.deploymentPlan().recheckAfter.map { $0 > .seconds(50) && $0 <= .seconds(61) } == true)
        model.now = model.now + .seconds(59)
        model.settle()
        #expect(model.progress?.status == "True")
        model.now = model.now + .seconds(62)
        model.settle()
        #expect(model.progress?.reason == "ProgressDeadlineExceeded" && model.progress?.status == "False")
        #expect(
            model.progress?.message == "ReplicaSet \"web-\(hash("bad"))\" has timed out progressing.")
        #expect(model.deploymentPlan().isEmpty)
        #expect(model.deploymentPlan().recheckAfter == nil)
        model.setImage("v1")
        model.run()
        #expect(model.progress?.reason == "NewReplicaSetAvailable" && model.progress?.status == "True")
        #expect(model.violations.isEmpty, "\(model.violations)")
    }

    @Test func withoutADeadlineNothingIsToldOfProgress() {
        let model = running(1, spec: ["progressDeadlineSeconds": .integer(Int64(Int32.max))])
        #expect(model.progress == nil)
        #expect(model.status.conditions.map(\.type) == ["Available"])
    }

    @Test func aNameThatIsTakenIsACollision() throws {
        var model = RolloutModel(replicas: 1)
        let foreign: Value = [
            "metadata": [
                "name": .string("web-\(hash("v1"))"), "namespace": "ns", "uid": "x", "resourceVersion": "1",
                "ownerReferences": [["kind": "Other", "name": "o", "uid": "o", "controller": true]],
            ]
        ]
        model.caches.replicaSets.replace([foreign], at: Revision(1))
        model.run()
        #expect(model.status.collisionCount == 1)
        let other = NewReplicaSet.hash(RolloutModel.template("v1"), collisionCount: 1)
        #expect(model.sets.map(\.metadata.name) == ["web-\(other)"])
    }

    @Test func aSetThatCannotBeMadeIsTold() {
        var model = RolloutModel(replicas: 1)
        model.creationError = "quota exceeded"
        model.deliverAll()
        model.reconcileDeployment()
        let message = "Failed to create new replica set \"web-\(hash("v1"))\": quota exceeded"
        #expect(model.messages == ["ReplicaSetCreateError: \(message)"])
        #expect(model.progress?.reason == "ReplicaSetCreateError" && model.progress?.status == "False")
        #expect(model.progress?.message == message)
        model.creationError = nil
        model.run()
        #expect(model.progress?.reason == "NewReplicaSetAvailable")
    }

    @Test func podsThatCannotBeMadeAreToldUpToTheDeployment() {
        var model = running(1)
        model.creationError = "quota exceeded"
        model.scale(2)
        for _ in 0..<4 {
            model.deliverAll()
            model.reconcileDeployment()
            for set in model.sets { model.reconcileSet(set.metadata.name) }
        }
        let failure = model.status.conditions.condition("ReplicaFailure")
        #expect(failure?.reason == "FailedCreate" && failure?.message == "quota exceeded")
        #expect(model.newest?.status.conditions.map(\.type) == ["ReplicaFailure"])
        #expect(model.messages.contains("FailedCreate: Error creating: quota exceeded"))
        model.creationError = nil
        model.run()
        #expect(model.status.conditions.condition("ReplicaFailure") == nil)
        #expect(model.newest?.status.conditions.isEmpty == true)
    }

    @Test func aDeploymentThatIsBeingDeletedOnlyCounts() {
        var model = running(2)
        model.edit {
            $0["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
            $0["spec", "replicas"] = 0
        }
        model.settle()
        #expect(model.active.count == 2)
        #expect(model.status.observedGeneration == 2)
    }

    @Test func setsWithoutAControllerAreAdoptedAndOthersLetGo() throws {
        let caches = ControlCaches()
        func set(_ name: String, label: String, owner: Value?) -> Value {
            var set: Value = [
                "metadata": [
                    "name": .string(name), "namespace": "ns", "uid": .string(name), "resourceVersion": "1",
                    "labels": ["app": .string(label)],
                ], "spec": ["selector": ["matchLabels": ["app": .string(label)]]],
            ]
            if let owner { set["metadata", "ownerReferences"] = [owner] }
            return set
        }
        let owner: Value = ["kind": "Deployment", "name": "web", "uid": "deployment-uid", "controller": true]
        caches.deployments.replace([RolloutModel(replicas: 1).deployment], at: Revision(1))
        caches.replicaSets.replace(
            [
                set("orphan", label: "web", owner: nil), set("stranger", label: "other", owner: nil),
                set("strayed", label: "other", owner: owner),
            ], at: Revision(1))
        let observed = try #require(DeploymentReconciler().observe(RolloutModel.key, in: caches))
        let plan = DeploymentReconciler().reconcile(observed, at: Timestamp(seconds: 0))
        let patches = plan.actions.compactMap { action in
            if case .patch(let patch) = action { patch } else { Action.Patch?.none }
        }
        #expect(patches.map(\.key.name) == ["orphan", "strayed"])
        #expect(patches[0].whileLive?.uid == "deployment-uid")
        #expect(patches[0].body["metadata", "ownerReferences"]?.array?.first?["kind"] == "Deployment")
        #expect(patches[1].whileLive == nil)
        #expect(patches[1].body["metadata", "ownerReferences"] == [])
    }
}

extension Value {
    fileprivate func without(_ key: String) -> Value {
        var copy = self
        copy[key] = nil
        return copy
    }
}

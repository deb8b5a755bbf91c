import ControllerRuntime
import Controllers
import Kinds
import ObjectModel
import Testing

@Suite struct StatefulSetReconcilerTests {
    private func running(_ replicas: Int, spec: [String: Value] = [:]) -> SetModel {
        var model = SetModel(replicas: replicas, spec: spec)
        model.run()
        return model
    }

    @Test func podsAreCreatedInOrderEachAfterItsPredecessorIsReady() {
        let model = running(3)
        #expect(
            model.log.filter { $0.hasPrefix("create web-") && $0.count == 12 } == [
                "create web-0", "create web-1", "create web-2",
            ])
        #expect(model.violations.isEmpty, "\(model.violations)")
        #expect(model.status.readyReplicas == 3)
        #expect(model.status.currentRevision == model.status.updateRevision)
        #expect(model.status.observedGeneration == 1)
    }

    @Test func theClaimComesBeforeItsPod() {
        var model = SetModel(replicas: 1)
        model.reconcile()
        let created = model.log.suffix(2)
        #expect(Array(created) == ["create data-web-0", "create web-0"])
        #expect(model.claims["data-web-0"]?.labels == ["app": "web"])
    }

    /// The first step that is cut off when a claim cannot be created has the status in its first batch.
    @Test func theStatusIsToldEvenIfAClaimCannotBeCreated() throws {
        let model = SetModel(replicas: 3, spec: ["podManagementPolicy": "Parallel"])
        let step = try #require(
            model.plan.steps.first { step in
                guard case .together(let planned, _) = step else { return false }
                return planned.contains {
                    if case .create(.persistentVolumeClaims, _, _) = $0.action { true } else { false }
                }
            })
        guard case .together(let planned, let first) = step, case .patch(let patch) = planned.first?.action else {
            Issue.record("the status does not come first")
            return
        }
        #expect(patch.subresource == "status")
        #expect(planned.count == 4 && first == 2)
    }

    @Test func podsCarryTheirIdentity() throws {
        var model = SetModel(replicas: 1)
        model.reconcile()
        let pod = try #require(model.pods["web-0"])
        #expect(pod.labels["statefulset.kubernetes.io/pod-name"] == "web-0")
        #expect(pod.labels["apps.kubernetes.io/pod-index"] == "0")
        #expect(pod.labels["controller-revision-hash"] == model.revisions.keys.first)
        #expect(pod["spec", "hostname"]?.string == "web-0")
        #expect(pod["spec", "subdomain"]?.string == "nginx")
        #expect(pod["spec", "volumes"]?.array?.first?["persistentVolumeClaim", "claimName"]?.string == "data-web-0")
        let owner = try #require(PodView(pod).metadata.controller)
        #expect(owner.uid == "set-uid" && owner.kind == "StatefulSet" && owner.blockOwnerDeletion)
    }

    @Test func anUnreadyPodHoldsBackTheNext() {
        var model = SetModel(replicas: 3)
        model.settle()
        #expect(model.names == ["web-0"])
        model.setPhase("web-0", "Running")
        model.settle()
        #expect(model.names == ["web-0"])
        model.makeReady("web-0")
        model.settle()
        #expect(model.names == ["web-0", "web-1"])
    }

    @Test func aPodMustBeReadyForMinReadySeconds() {
        var model = SetModel(replicas: 2, spec: ["minReadySeconds": 10])
        model.settle()
        model.makeReady("web-0")
        model.settle()
        #expect(model.names == ["web-0"])
        #expect(model.plan.recheckAfter == .seconds(10))
        model.now = model.now + .seconds(10)
        model.settle()
        #expect(model.names == ["web-0", "web-1"])
        #expect(model.status.availableReplicas == 1)
    }

    @Test func scaleDownDeletesHighestOrdinalFirstAndAlone() {
        var model = running(4)
        model.edit { $0["spec", "replicas"] = 1 }
        model.run()
        #expect(model.names == ["web-0"])
        #expect(model.log.filter { $0.hasPrefix("delete web-") } == ["delete web-3", "delete web-2", "delete web-1"])
        #expect(model.claims.count == 4)
        #expect(model.violations.isEmpty, "\(model.violations)")
    }

    @Test func scaleDownWaitsForUnreadyLowerPods() {
        var model = running(3)
        model.makeReady("web-0", false)
        model.edit { $0["spec", "replicas"] = 2 }
        model.settle()
        #expect(model.names.count == 3)
        #expect(model.pods["web-2"]?.isBeingDeleted == false)
    }

    @Test func anUpdateGoesFromTheHighestOrdinalDown() {
        var model = running(3)
        let before = model.status.currentRevision
        model.edit { $0["spec", "template"] = template("v2") }
        model.run()
        #expect(model.log.filter { $0.hasPrefix("delete web-") } == ["delete web-2", "delete web-1", "delete web-0"])
        #expect(model.names.allSatisfy { model.image($0) == "v2" })
        #expect(model.status.currentRevision == model.status.updateRevision)
        #expect(model.status.currentRevision != before)
        #expect(model.revisions.count == 2)
        #expect(model.violations.isEmpty, "\(model.violations)")
    }

    @Test func thePartitionKeepsLowerOrdinalsAtTheCurrentRevision() {
        var model = running(3)
        model.edit {
            $0["spec", "updateStrategy", "rollingUpdate", "partition"] = 2
            $0["spec", "template"] = template("v2")
        }
        model.run()
        #expect(model.names.map { model.image($0) } == ["v1", "v1", "v2"])
        model.remove("web-0")
        model.run()
        #expect(model.image("web-0") == "v1")
        #expect(model.status.currentRevision != model.status.updateRevision)
        #expect(model.status.updatedReplicas == 1)
        #expect(model.status.currentReplicas == 2)
    }

    @Test func thePartitionCountsFromTheFirstOrdinal() {
        var model = running(3, spec: ["ordinals": ["start": 5]])
        model.edit {
            $0["spec", "updateStrategy", "rollingUpdate", "partition"] = 2
            $0["spec", "template"] = template("v2")
        }
        model.run()
        #expect(model.names.map { model.image($0) } == ["v1", "v1", "v2"])
        model.remove("web-6")
        model.run()
        #expect(model.image("web-6") == "v1")
    }

    @Test func onDeleteLeavesPodsUntilTheyAreDeleted() {
        var model = running(2, spec: ["updateStrategy": ["type": "OnDelete"]])
        model.edit { $0["spec", "template"] = template("v2") }
        model.run()
        #expect(model.names.map { model.image($0) } == ["v1", "v1"])
        model.remove("web-1")
        model.run()
        #expect(model.names.map { model.image($0) } == ["v1", "v2"])
    }

    @Test func goingBackReusesTheOldRevisionAsTheNewest() {
        var model = running(1)
        let first = model.status.currentRevision
        model.edit { $0["spec", "template"] = template("v2") }
        model.run()
        model.edit { $0["spec", "template"] = template("v1") }
        model.run()
        #expect(model.status.currentRevision == first)
        #expect(model.revisions.count == 2)
        #expect(model.revisions[first]?["revision"]?.int == 3)
    }

    /// People apply first and annotate then; what they say of one change is not the cause of the next.
    @Test func revisionsCarryTheCauseThatIsToldAfterThem() {
        var model = running(1)
        func causes() -> [String?] {
            model.revisions.values.sorted { ($0["revision"]?.int ?? 0) < ($1["revision"]?.int ?? 0) }
                .map { $0["metadata", "annotations", "kubernetes.io/change-cause"]?.string }
        }
        func tell(_ cause: String) {
            model.edit { $0["metadata", "annotations", "kubernetes.io/change-cause"] = .string(cause) }
            model.run()
        }
        func apply(_ image: String) {
            model.edit { $0["spec", "template"] = template(image) }
            model.run()
        }
        #expect(causes() == [nil])
        tell("first")
        #expect(causes() == ["first"])
        apply("v2")
        tell("second")
        #expect(causes() == ["first", "second"])
        apply("v1")
        #expect(causes() == ["second", "first"])
        tell("back again")
        #expect(causes() == ["second", "back again"])
    }

    @Test func unusedRevisionsBeyondTheLimitGo() {
        var model = running(1, spec: ["revisionHistoryLimit": 2])
        for version in 2...6 {
            model.edit { $0["spec", "template"] = template("v\(version)") }
            model.run()
        }
        #expect(model.revisions.count == 3)
    }

    @Test func endedPodsAreReplaced() {
        for phase in ["Failed", "Succeeded"] {
            var model = running(2)
            model.setPhase("web-0", phase)
            model.run()
            #expect(model.names == ["web-0", "web-1"])
            #expect(model.log.contains("delete web-0"))
            #expect(model.violations.isEmpty, "\(model.violations)")
        }
    }

    @Test func aParallelSetStartsAndStopsAllAtOnce() {
        var model = SetModel(replicas: 5, spec: ["podManagementPolicy": "Parallel"])
        model.settle()
        #expect(model.names.count == 5)
        for name in model.names { model.makeReady(name) }
        model.edit { $0["spec", "replicas"] = 1 }
        model.settle()
        #expect(model.pods.values.count(where: \.isBeingDeleted) == 4)
    }

    @Test func ordinalsMayStartAboveZero() {
        let model = running(2, spec: ["ordinals": ["start": 5]])
        #expect(model.names == ["web-5", "web-6"])
        #expect(model.violations.isEmpty, "\(model.violations)")
    }

    @Test func aSetThatIsBeingDeletedDoesNothingToItsPods() {
        var model = running(2)
        model.edit {
            $0["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
            $0["spec", "replicas"] = 0
        }
        model.settle()
        #expect(model.names == ["web-0", "web-1"])
        #expect(!model.log.contains { $0.hasPrefix("delete") })
    }

    @Test func aSettledSetNeedsNothing() {
        let model = running(3)
        #expect(model.plan.isEmpty)
        #expect(model.plan.recheckAfter == nil)
    }

    @Test func eventsSpeakUpstreamsWords() {
        var model = running(1)
        model.edit { $0["spec", "replicas"] = 0 }
        model.run()
        #expect(
            model.events.map { "\($0.reason): \($0.message)" } == [
                "SuccessfulCreate: Create Claim data-web-0 Pod web-0 in StatefulSet web success",
                "SuccessfulCreate: Create Pod web-0 in StatefulSet web successful",
                "SuccessfulDelete: Delete Pod web-0 in StatefulSet web successful",
            ])
    }

    @Test func revisionDataHasUpstreamsShapeAndNames() {
        let data = RevisionData.data(template: ["spec": ["b": 1, "a": "<x>"], "metadata": [:]])
        #expect(data["spec", "template", "$patch"]?.string == "replace")
        #expect(RevisionData.template(of: data) == ["spec": ["b": 1, "a": "<x>"], "metadata": [:]])
        let reordered = RevisionData.data(template: ["metadata": [:], "spec": ["a": "<x>", "b": 1]])
        #expect(RevisionData.hash(data, collisionCount: 0) == RevisionData.hash(reordered, collisionCount: 0))
        #expect(RevisionData.hash(data, collisionCount: 0) != RevisionData.hash(data, collisionCount: 1))
    }

    private func template(_ image: String) -> Value {
        [
            "metadata": ["labels": ["app": "web"]],
            "spec": ["containers": [["name": "c", "image": .string(image)]]],
        ]
    }
}

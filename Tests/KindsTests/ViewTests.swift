import Kinds
import ObjectModel
import Schema
import Testing

@Suite struct ViewTests {
    @Test func readingAnEmptyObjectGivesDefaults() {
        let pod = PodView(.emptyObject)
        #expect(pod.spec.terminationGracePeriodSeconds == 30)
        #expect(pod.spec.enableServiceLinks)
        #expect(!pod.isReady && !pod.isTerminating && !pod.isCreated)
        #expect(StatefulSetView(.emptyObject).replicas == 1)
        #expect(StatefulSetView(.emptyObject).selector == nil)
        #expect(PersistentVolumeClaimView(.emptyObject).storageClassName == nil)
        #expect(EndpointSliceView(["endpoints": [[:]]]).endpoints.first?.isReady == true)
    }

    @Test func availabilityNeedsTimeInReadiness() {
        let since = Fixture.now.text
        let pod = PodView(
            ["status": ["conditions": [["type": "Ready", "status": "True", "lastTransitionTime": .string(since)]]]])
        #expect(pod.isAvailable(minReadySeconds: 0, now: Fixture.now))
        #expect(!pod.isAvailable(minReadySeconds: 10, now: Fixture.now + .seconds(9)))
        #expect(pod.isAvailable(minReadySeconds: 10, now: Fixture.now + .seconds(10)))
    }

    @Test(arguments: [(1000, true), (262_100, false), (262_143, false)])
    func aPodWithFullAnnotationsBecomesReadyWithoutItsTime(_ length: Int, _ isRecorded: Bool) throws {
        let old = Value.pod.with("metadata.annotations", ["a": .string(String(repeating: "x", count: length))])
            .with("metadata.uid", "u").with("metadata.resourceVersion", "1")
        var pod = old.with(
            "status.conditions",
            [["type": "Ready", "status": "True", "lastTransitionTime": .string(Fixture.now.text)]])
        try Fixture.kind(.pods).hooks.prepareForStatusUpdate(&pod, old)
        #expect((pod["metadata", "annotations", PodView.firstReadyAnnotation] != nil) == isRecorded)
        #expect(PodView.takesFirstReadyTime(pod["metadata", "annotations"]?.stringMap ?? [:]) == false)
        #expect(try Fixture.updateErrors(pod, old, .pods, subresource: "status").isEmpty)
    }

    @Test func requestsOfAPodAreTheMostItNeedsAtOnce() {
        func container(_ cpu: String, sidecar: Bool = false) -> Value {
            let container: Value = ["resources": ["requests": ["cpu": .string(cpu)]]]
            return sidecar ? container.with("restartPolicy", "Always") : container
        }
        func total(_ spec: Value) -> Quantity? { PodSpecView(spec).totalRequests["cpu"] }
        #expect(total(["containers": [container("1"), container("500m")]]) == Quantity("1500m"))
        #expect(total(["containers": [container("1")], "initContainers": [container("2")]]) == Quantity("2"))
        #expect(
            total(["containers": [container("1")], "initContainers": [container("1", sidecar: true), container("2")]])
                == Quantity("3"))
        #expect(
            total(["containers": [container("2")], "initContainers": [container("2"), container("1", sidecar: true)]])
                == Quantity("3"))
        #expect(total(["containers": [container("1")], "overhead": ["cpu": "250m"]]) == Quantity("1250m"))
    }

    @Test(arguments: [
        ("{}", "k", "v", "NoSchedule", false), (#"{"operator":"Exists"}"#, "k", "v", "NoExecute", true),
        (#"{"key":"k","operator":"Exists"}"#, "k", "v", "NoSchedule", true),
        (#"{"key":"k","value":"v"}"#, "k", "v", "NoSchedule", true),
        (#"{"key":"k","value":"w"}"#, "k", "v", "NoSchedule", false),
        (#"{"key":"k","value":"v","effect":"NoExecute"}"#, "k", "v", "NoSchedule", false),
    ])
    func tolerationCoversItsTaint(
        toleration: String, key: String, value: String, effect: String, covers: Bool
    ) throws {
        let taint = TaintView(["key": .string(key), "value": .string(value), "effect": .string(effect)])
        #expect(TolerationView(try json(toleration)).tolerates(taint) == covers)
    }

    @Test func probesHaveOneAction() throws {
        let http = ProbeView(try json(#"{"httpGet":{"port":"web","path":"/z"},"periodSeconds":3}"#))
        guard case .httpGet(let request) = http.action else {
            Issue.record("no HTTP action: \(http.action)")
            return
        }
        #expect(request.port == .name("web") && request.path == "/z" && request.scheme == "HTTP")
        #expect(http.periodSeconds == 3 && http.failureThreshold == 3)
        #expect(ProbeView(.emptyObject).action == .none)
    }

    @Test func ownerReferencesRoundTrip() {
        let owner = OwnerReference(
            apiVersion: "apps/v1", kind: "StatefulSet", name: "web", uid: "1", isController: true,
            blockOwnerDeletion: true)
        #expect(OwnerReference(owner.value) == owner)
        #expect(ObjectMetadata(["metadata": ["ownerReferences": [owner.value]]]).controller == owner)
    }

    @Test func strategyOfASetIsReadWithItsPartition() {
        let set = Value.set.with("spec.updateStrategy", ["type": "RollingUpdate", "rollingUpdate": ["partition": 2]])
        #expect(StatefulSetView(set).updateStrategy == .rollingUpdate(partition: 2, maxUnavailable: .number(1)))
        #expect(StatefulSetView(set.with("spec.updateStrategy.type", "OnDelete")).updateStrategy == .onDelete)
    }
}

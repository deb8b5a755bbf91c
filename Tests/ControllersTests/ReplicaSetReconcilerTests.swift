import ControllerRuntime
import Controllers
import Kinds
import ObjectModel
import Testing

@Suite struct ReplicaSetReconcilerTests {
    private let now = Timestamp(seconds: 1_800_000_000)
    private let owner: Value = ["kind": "ReplicaSet", "name": "web", "uid": "set-uid", "controller": true]

    private func set(_ replicas: Int, status: Value = [:], extra: [String: Value] = [:]) -> CachedObject<ReplicaSetView>
    {
        var spec: Value = [
            "replicas": .integer(Int64(replicas)), "selector": ["matchLabels": ["app": "web"]],
            "template": [
                "metadata": [
                    "labels": ["app": "web", "tier": "front"], "annotations": ["a": "b"], "finalizers": ["x.y/z"],
                ],
                "spec": ["containers": [["name": "c", "image": "v1"]]],
            ],
        ]
        for (key, value) in extra { spec[key] = value }
        return CachedObject([
            "metadata": [
                "name": "web", "namespace": "ns", "uid": "set-uid", "generation": 2, "resourceVersion": "7",
            ],
            "spec": spec, "status": status,
        ])
    }

    private func pod(
        _ name: String, labels: [String: String] = ["app": "web", "tier": "front"], owned: Bool = true,
        phase: String = "Running", ready: Timestamp? = nil, terminating: Bool = false, node: String = "n"
    ) -> CachedObject<PodView> {
        var pod: Value = [
            "metadata": [
                "name": .string(name), "namespace": "ns", "uid": .string(name), "resourceVersion": "5",
                "labels": .stringMap(labels),
            ],
            "spec": ["nodeName": .string(node)], "status": ["phase": .string(phase)],
        ]
        if owned { pod["metadata", "ownerReferences"] = [owner] }
        if terminating { pod["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z" }
        if let ready {
            pod["status", "conditions"] = [
                ["type": "Ready", "status": "True", "lastTransitionTime": .string(ready.text)]
            ]
        }
        return CachedObject(pod)
    }

    private func plan(
        _ set: CachedObject<ReplicaSetView>, _ pods: [CachedObject<PodView>] = [],
        orphans: [CachedObject<PodView>] = []
    ) -> Plan {
        ReplicaSetReconciler().reconcile(.init(set: set, pods: pods, orphans: orphans), at: now)
    }

    private func status(_ plan: Plan) -> Value? {
        plan.actions.compactMap { action in
            if case .patch(let patch) = action, patch.subresource == "status" { return patch.body["status"] }
            return Value?.none
        }.first
    }

    private func texts(_ plan: Plan) -> [String] {
        plan.actions.map { action in
            switch action {
            case .create(_, let object, _): "create \(object["metadata", "generateName"]?.string ?? "")"
            case .delete(let deletion): "delete \(deletion.key.name)"
            case .patch(let patch) where patch.subresource == "status": "status"
            case .patch(let patch): "\(patch.whileLive == nil ? "release" : "adopt") \(patch.key.name)"
            default: "other"
            }
        }
    }

    @Test func missingPodsAreCreatedWithASlowStart() throws {
        let plan = plan(set(3), [pod("a", ready: now)])
        #expect(texts(plan) == ["create web-", "create web-", "status"])
        guard case .together(let creations, let first) = plan.steps[0] else { throw Failure() }
        #expect(first == 1)
        #expect(creations[0].onSuccess?.message == "Created pod: ")
        #expect(creations[0].onFailure?.message == "Error creating: ")
        guard case .create(_, let object, _) = creations[0].action else { throw Failure() }
        #expect(object.name.isEmpty && object.namespace == "ns")
        #expect(object.labels == ["app": "web", "tier": "front"] && object.annotations == ["a": "b"])
        #expect(object.finalizers == ["x.y/z"])
        #expect(object["spec", "containers"]?.array?.first?["image"] == "v1")
        let owner = try #require(ObjectMetadata(object).controller)
        #expect(owner.uid == "set-uid" && owner.apiVersion == "apps/v1" && owner.blockOwnerDeletion)
    }

    @Test func onePlanStaysSmall() {
        #expect(plan(set(2_000_000_000)).actions.count == 501)
        let pods = (0..<600).map { pod("p\($0)") }
        #expect(plan(set(0), pods).actions.count == 501)
    }

    @Test func endedAndTerminatingPodsAreReplacedAndNotTouched() {
        let pods = [pod("a", ready: now), pod("b", phase: "Failed"), pod("c", terminating: true)]
        let plan = plan(set(2), pods)
        #expect(texts(plan) == ["create web-", "status"])
        #expect(status(plan)?["replicas"] == 1)
        #expect(status(plan)?["terminatingReplicas"] == 1)
    }

    @Test func podsTooManyAreDeleted() {
        let plan = plan(set(1), [pod("a", ready: now), pod("b"), pod("c", phase: "Pending", node: "")])
        #expect(texts(plan) == ["delete c", "delete b", "status"])
        guard case .together(let deletions, _) = plan.steps[0] else { return }
        #expect(deletions[0].onSuccess?.message == "Deleted pod: c")
    }

    @Test func podsAreAdoptedAndReleasedBeforeAnythingIsJudged() {
        let plan = plan(
            set(3), [pod("stray", labels: ["app": "other"]), pod("gone", labels: [:], terminating: true)],
            orphans: [
                pod("orphan", owned: false), pod("foreign", labels: ["app": "x"], owned: false),
                pod("ended", owned: false, phase: "Succeeded"), pod("going", owned: false, terminating: true),
            ])
        #expect(texts(plan) == ["adopt orphan", "release stray"])
    }

    @Test func theStatusCountsWhatWasSeen() {
        let pods = [
            pod("a", ready: now + .seconds(-30)), pod("b", labels: ["app": "web"], ready: now), pod("c"),
        ]
        let plan = plan(set(3, extra: ["minReadySeconds": 20]), pods)
        #expect(
            status(plan) == [
                "replicas": 3, "fullyLabeledReplicas": 2, "readyReplicas": 2, "availableReplicas": 1,
                "terminatingReplicas": 0, "observedGeneration": 2,
            ])
        #expect(plan.recheckAfter == .seconds(20))
    }

    @Test func aSettledSetNeedsNothing() {
        let status: Value = [
            "replicas": 1, "fullyLabeledReplicas": 1, "readyReplicas": 1, "availableReplicas": 1,
            "terminatingReplicas": 0, "observedGeneration": 2,
        ]
        #expect(plan(set(1, status: status), [pod("a", ready: now)]).isEmpty)
    }

    @Test func aFailureBecomesAConditionAndStaysUntilItIsOver() throws {
        guard case .together(let creations, _) = plan(set(1)).steps[0],
            case .patch(let patch)? = creations[0].afterFailure?("no room")
        else { throw Failure() }
        #expect(
            patch.body["status", "conditions"] == [
                [
                    "type": "ReplicaFailure", "status": "True", "lastTransitionTime": .string(now.text),
                    "reason": "FailedCreate", "message": "no room",
                ]
            ])
        let failed = set(1, status: ["replicas": 0, "conditions": patch.body["status", "conditions"] ?? .null])
        #expect(status(plan(failed, [pod("a", ready: now)]))?["conditions"] == .null)
        guard case .together(let deletions, _) = plan(set(0), [pod("a")]).steps[0],
            case .patch(let refused)? = deletions[0].afterFailure?("denied")
        else { throw Failure() }
        let condition = refused.body["status", "conditions"]?.array?.first
        #expect(condition?["reason"] == "FailedDelete" && condition?["message"] == "unable to delete pods: denied")
    }

    @Test func neighboursOfTheSameDeploymentAreCounted() throws {
        let caches = ControlCaches()
        func object(_ name: String, kind: String, of owner: String, _ more: Value) -> Value {
            var object = more
            object["metadata"] = [
                "name": .string(name), "namespace": "ns", "uid": .string(name), "resourceVersion": "1",
                "labels": ["app": "web"],
                "ownerReferences": [
                    ["kind": .string(kind), "name": .string(owner), "uid": .string(owner), "controller": true]
                ],
            ]
            return object
        }
        let spec: Value = ["spec": ["replicas": 1, "selector": ["matchLabels": ["app": "web"]]]]
        func running(_ name: String, of set: String, on node: String) -> Value {
            object(
                name, kind: "ReplicaSet", of: set,
                ["spec": ["nodeName": .string(node)], "status": ["phase": "Running"]])
        }
        caches.replicaSets.replace(
            ["s1", "s2"].map { object($0, kind: "Deployment", of: "d", spec) }, at: Revision(1))
        caches.pods.replace(
            [
                running("lonely", of: "s1", on: "n1"), running("crowded", of: "s1", on: "n2"),
                running("other", of: "s2", on: "n2"),
            ], at: Revision(1))
        let key = NamespacedName(namespace: "ns", name: "s1")
        let observed = try #require(ReplicaSetReconciler().observe(key, in: caches))
        #expect(observed.neighbours == ["n1": 1, "n2": 2])
        #expect(texts(ReplicaSetReconciler().reconcile(observed, at: now)).first == "delete crowded")
    }

    private struct Failure: Error {}
}

@Suite struct DeletionRankingTests {
    private static let now = Timestamp(seconds: 1_800_000_000)

    private static func ready(_ age: Int) -> Value {
        [
            "phase": "Running",
            "conditions": [
                [
                    "type": "Ready", "status": "True",
                    "lastTransitionTime": .string((now + .seconds(-age)).text),
                ]
            ],
        ]
    }
    private static func restarts(_ count: Int64) -> Value {
        ["phase": "Running", "containerStatuses": [["name": "c", "restartCount": .integer(count)]]]
    }
    private static func created(_ age: Int) -> Value {
        ["creationTimestamp": .string((now + .seconds(-age)).text)]
    }
    private static func cost(_ cost: String) -> Value {
        ["annotations": ["controller.kubernetes.io/pod-deletion-cost": .string(cost)]]
    }

    private static let cases: [(name: String, first: Value, second: Value)] = [
        ("not bound", ["status": ["phase": "Running"]], ["spec": ["nodeName": "n"], "status": ["phase": "Pending"]]),
        ("pending", ["status": ["phase": "Pending"]], ["status": ["phase": "Unknown"]]),
        ("unknown", ["status": ["phase": "Unknown"]], ["status": ready(1)]),
        ("not ready", ["status": ["phase": "Running"]], ["status": ready(1)]),
        ("cheaper", ["metadata": cost("-5"), "status": ready(900)], ["status": ready(1)]),
        (
            "no number costs nothing", ["metadata": cost("+9"), "status": ready(1)],
            ["metadata": cost("1"), "status": ready(1)]
        ),
        (
            "a crowded node", ["spec": ["nodeName": "crowd"], "status": ready(900)],
            ["spec": ["nodeName": "lone"], "status": ready(1)]
        ),
        ("ready for a shorter time", ["status": ready(5)], ["status": ready(500)]),
        (
            "by uid when times are alike", ["metadata": ["uid": "a"], "status": ready(130)],
            ["metadata": ["uid": "b"], "status": ready(100)]
        ),
        ("more restarts", ["status": restarts(2)], ["status": restarts(1)]),
        ("younger", ["metadata": created(5)], ["metadata": created(500)]),
        ("without a creation time", ["metadata": [:]], ["metadata": created(1)]),
    ]

    @Test(arguments: cases.indices)
    func goesFirst(index: Int) {
        let row = Self.cases[index]
        let ranking = DeletionRanking(neighbours: ["crowd": 3, "lone": 1], now: Self.now)
        let (first, second) = (PodView(row.first), PodView(row.second))
        #expect(ranking.goesFirst(first, second), "\(row.name)")
        #expect(!ranking.goesFirst(second, first), "\(row.name), the other way round")
    }

    @Test func equalPodsHaveNoOrder() {
        let pod = PodView(["status": Self.ready(5)])
        #expect(!DeletionRanking(neighbours: [:], now: Self.now).goesFirst(pod, pod))
    }
}

import ControllerRuntime
import Controllers
import Kinds
import ObjectModel

/// A set and its pods in memory: does what plans say, and plays the node agent.
struct SetModel {
    private(set) var set: Value
    private(set) var pods: [String: Value] = [:]
    private(set) var claims: [String: Value] = [:]
    private(set) var revisions: [String: Value] = [:]
    private(set) var log: [String] = []
    private(set) var events: [EventNote] = []
    private(set) var violations: [String] = []
    var now = Timestamp(seconds: 1_800_000_000)
    private var revision: Int64 = 1

    init(replicas: Int, spec extra: [String: Value] = [:], image: String = "v1") {
        set = [
            "apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": ["name": "web", "namespace": "ns", "uid": "set-uid", "generation": 1, "resourceVersion": "1"],
            "spec": [
                "replicas": .integer(Int64(replicas)), "serviceName": "nginx",
                "selector": ["matchLabels": ["app": "web"]],
                "updateStrategy": ["type": "RollingUpdate", "rollingUpdate": ["partition": 0]],
                "template": [
                    "metadata": ["labels": ["app": "web"]],
                    "spec": ["containers": [["name": "c", "image": .string(image)]]],
                ],
                "volumeClaimTemplates": [["metadata": ["name": "data"], "spec": ["accessModes": ["ReadWriteOnce"]]]],
            ],
        ]
        for (key, value) in extra { set["spec", key] = value }
    }

    var names: [String] { pods.keys.sorted { ordinal($0) < ordinal($1) } }
    var status: StatefulSetStatusView { StatefulSetView(set).status }
    func image(_ pod: String) -> String? { pods[pod]?["spec", "containers"]?.array?.first?["image"]?.string }

    private func ordinal(_ name: String) -> Int { PodOrdinal.parse(name)?.ordinal ?? -1 }

    private func cached<View: ObjectView>(_ objects: [String: Value], _: View.Type) -> [CachedObject<View>] {
        objects.sorted { $0.key < $1.key }.map { CachedObject<View>($0.value) }
    }

    var plan: Plan {
        let observed = StatefulSetObserved(
            set: CachedObject(set), pods: cached(pods, PodView.self),
            claims: claims.mapValues { CachedObject<PersistentVolumeClaimView>($0) },
            revisions: cached(revisions, ControllerRevisionView.self))
        return StatefulSetReconciler().reconcile(observed, at: now)
    }

    /// Reconciles once and does what the plan says. Returns whether it said anything.
    @discardableResult
    mutating func reconcile() -> Bool {
        let plan = plan
        for planned in plan.steps.flatMap(\.all) { perform(planned) }
        return !plan.isEmpty
    }

    /// Reconciles until nothing is to be done.
    mutating func settle() {
        for _ in 0..<50 where reconcile() {}
    }

    /// Settles, and makes pods ready one after the other, until nothing changes.
    mutating func run() {
        for _ in 0..<200 {
            settle()
            if let ending = names.last(where: { pods[$0]?.isBeingDeleted == true }) {
                pods[ending] = nil
            } else if let waiting = names.first(where: { !isReady($0) }) {
                makeReady(waiting)
            } else {
                return
            }
        }
        violations.append("it does not come to rest")
    }

    func isReady(_ name: String) -> Bool {
        pods[name].map { PodView($0) }.map { $0.isReady && $0.status.phase == "Running" } ?? false
    }

    mutating func setPhase(_ name: String, _ phase: String) { pods[name]?["status", "phase"] = .string(phase) }

    mutating func makeReady(_ name: String, _ isReady: Bool = true) {
        setPhase(name, "Running")
        pods[name]?["status", "conditions"] = [
            [
                "type": "Ready", "status": .string(isReady ? "True" : "False"),
                "lastTransitionTime": .string(now.text),
            ]
        ]
    }

    mutating func remove(_ name: String) { pods[name] = nil }
    mutating func removeClaim(_ name: String) { claims[name] = nil }
    mutating func setClaim(_ name: String, owners: [Value]) {
        claims[name] = [
            "metadata": ["name": .string(name), "namespace": "ns", "uid": "claim", "ownerReferences": .array(owners)]
        ]
    }

    /// The deletions that the plan of this moment asks for.
    var deletions: [Action.Deletion] {
        plan.steps.flatMap(\.all).compactMap { planned in
            if case .delete(let deletion) = planned.action { deletion } else { nil }
        }
    }

    mutating func edit(_ change: (inout Value) -> Void) {
        change(&set)
        set["metadata", "generation"] = .integer(Int64((set["metadata", "generation"]?.int ?? 0) + 1))
    }

    private mutating func perform(_ planned: PlannedAction) {
        if let note = planned.onSuccess { events.append(note) }
        revision += 1
        switch planned.action {
        case .create(let resource, var object, _):
            object["metadata", "uid"] = .string("uid-\(revision)")
            object["metadata", "resourceVersion"] = .string("\(revision)")
            log.append("create \(object.name)")
            switch resource {
            case .pods:
                checkCreation(object)
                object["status", "phase"] = "Pending"
                pods[object.name] = object
            case .persistentVolumeClaims: claims[object.name] = object
            default: revisions[object.name] = object
            }
        case .delete(let deletion):
            log.append("delete \(deletion.key.name)")
            if deletion.resource == .pods {
                checkDeletion(deletion.key.name)
                pods[deletion.key.name]?["metadata", "deletionTimestamp"] = .string(now.text)
            } else {
                revisions[deletion.key.name] = nil
            }
        case .patch(let patch) where patch.subresource == "status":
            for field in patch.body["status"]?.fields ?? Fields() {
                set["status", field.key] = field.value.isNull ? nil : field.value
            }
        case .patch(let patch) where patch.resource == .persistentVolumeClaims:
            log.append("own \(patch.key.name)")
            claims[patch.key.name]?["metadata", "ownerReferences"] = patch.body["metadata", "ownerReferences"]
        case .patch(let patch) where patch.resource == .pods:
            for field in patch.body["metadata", "annotations"]?.fields ?? Fields() {
                pods[patch.key.name]?["metadata", "annotations", field.key] = field.value
            }
        case .patch(let patch):
            if let number = patch.body["revision"] { revisions[patch.key.name]?["revision"] = number }
            for field in patch.body["metadata", "annotations"]?.fields ?? Fields() {
                revisions[patch.key.name]?["metadata", "annotations", field.key] = field.value
            }
        case .event(let note): events.append(note)
        case .post, .effect: break
        }
    }

    private var isOrdered: Bool { self.set["spec", "podManagementPolicy"]?.string != "Parallel" }

    private mutating func checkCreation(_ pod: Value) {
        if pods[pod.name] != nil { violations.append("\(pod.name) exists twice") }
        guard isOrdered else { return }
        let start = set["spec", "ordinals", "start"]?.int ?? 0
        for lower in start..<max(start, ordinal(pod.name)) where !isReady("web-\(lower)") {
            violations.append("\(pod.name) is created before web-\(lower) is ready")
        }
        if pods.values.contains(where: \.isBeingDeleted) {
            violations.append("\(pod.name) is created while a pod terminates")
        }
    }

    private mutating func checkDeletion(_ name: String) {
        guard isOrdered, PodView(pods[name] ?? [:]).isTerminal == false else { return }
        if let other = pods.first(where: { $0.value.isBeingDeleted }) {
            violations.append("\(name) is deleted while \(other.key) terminates")
        }
    }
}

extension Plan.Step {
    fileprivate var all: [PlannedAction] {
        switch self {
        case .one(let planned): [planned]
        case .together(let all, _): all
        }
    }
}

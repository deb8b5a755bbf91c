import APIProtocol
import ControllerRuntime
import Controllers
import Kinds
import ObjectModel

/// A Deployment, its sets and their pods in an API in memory, with the real caches following behind event by event.
/// Plays the API's rules of versions and generations, and the node agent.
struct RolloutModel {
    static let key = NamespacedName(namespace: "ns", name: "web")
    private static let kinds: [APIResource] = [.deployments, .replicaSets, .pods]

    let caches = ControlCaches()
    private(set) var events: [EventNote] = []
    private(set) var violations: [String] = []
    private(set) var conflicts = 0
    var now = Timestamp(seconds: 1_800_000_000)
    /// What the API answers when a pod or a set is created; nil lets it be.
    var creationError: String?
    private var objects: [APIResource: [String: Value]] = [:]
    private var undelivered: [APIResource: [WatchEvent]] = [:]
    /// What the caches must show before a key is looked at again.
    private var barrier: [String: [APIResource: Revision]] = [:]
    private var revision: Int64 = 10
    /// The largest number of pods that was allowed since the last rest.
    private var ceiling = 0
    /// The smallest number of available pods that was promised since all were; nil before.
    private var floor: Int?

    init(replicas: Int, spec: [String: Value] = [:], image: String = "v1") {
        var deployment: Value = [
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": ["name": "web", "namespace": "ns", "uid": "deployment-uid", "generation": 1],
            "spec": [
                "replicas": .integer(Int64(replicas)), "selector": ["matchLabels": ["app": "web"]],
                "template": Self.template(image), "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
                "strategy": ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": "25%", "maxUnavailable": "25%"]],
            ],
        ]
        for (key, value) in spec { deployment["spec", key] = value }
        put(.deployments, deployment)
        widen()
    }

    static func template(_ image: String) -> Value {
        [
            "metadata": ["labels": ["app": "web"]],
            "spec": ["containers": [["name": "c", "image": .string(image)]]],
        ]
    }

    var deployment: Value { objects[.deployments]?["web"] ?? .emptyObject }
    var view: DeploymentView { DeploymentView(deployment) }
    var status: DeploymentStatusView { view.status }
    var sets: [ReplicaSetView] {
        (objects[.replicaSets] ?? [:]).values.map { ReplicaSetView($0) }.sorted {
            (Int($0.metadata.annotations[Self.revision] ?? "") ?? 0)
                < (Int($1.metadata.annotations[Self.revision] ?? "") ?? 0)
        }
    }
    var pods: [PodView] {
        (objects[.pods] ?? [:]).sorted { $0.key < $1.key }.map { PodView($0.value) }
    }
    var active: [PodView] { pods.filter { !$0.isTerminating && !$0.isTerminal } }
    var newest: ReplicaSetView? { sets.first { NewReplicaSet.isSame($0.template, view.template) } }
    var progress: ConditionView? { status.conditions.condition("Progressing") }
    var messages: [String] { events.map { "\($0.reason): \($0.message)" } }
    static let revision = "deployment.kubernetes.io/revision"

    func image(_ pod: PodView) -> String { pod.spec.containers.first?.image ?? "" }

    // MARK: what people do

    mutating func edit(_ change: (inout Value) -> Void) {
        var object = deployment
        change(&object)
        if object != deployment {
            object["metadata", "generation"] = .integer(Int64((object["metadata", "generation"]?.int ?? 0) + 1))
        }
        let former = view.replicas
        put(.deployments, object)
        if view.replicas < former { floor = nil }
        widen()
    }

    mutating func setImage(_ image: String) { edit { $0["spec", "template"] = Self.template(image) } }
    mutating func scale(_ replicas: Int) { edit { $0["spec", "replicas"] = .integer(Int64(replicas)) } }
    mutating func annotate(_ key: String, _ value: String) {
        edit { $0["metadata", "annotations", key] = .string(value) }
    }

    // MARK: what the node agent does

    /// Makes a pending pod ready, or lets a terminating one end. Answers whether there was one.
    mutating func advance(_ pod: String) {
        guard var object = objects[.pods]?[pod] else { return }
        if object.isBeingDeleted { return remove(.pods, pod) }
        guard object["status", "phase"]?.string == "Pending" else { return }
        object["spec", "nodeName"] = .string("n\(pod.utf8.reduce(0) { $0 + Int($1) } % 3)")
        object["status"] = [
            "phase": "Running",
            "conditions": [["type": "Ready", "status": "True", "lastTransitionTime": .string(now.text)]],
        ]
        put(.pods, object)
    }

    /// Whether the agent has something to do for a pod.
    func isWaiting(_ pod: PodView) -> Bool { pod.isTerminating || pod.isPending }

    // MARK: what controllers do

    /// Shows the caches the next event of a kind. Answers whether there was one.
    @discardableResult
    mutating func deliver(_ resource: APIResource) -> Bool {
        guard let event = undelivered[resource]?.first else { return false }
        undelivered[resource]?.removeFirst()
        switch resource {
        case .deployments: caches.deployments.apply(event)
        case .replicaSets: caches.replicaSets.apply(event)
        default: caches.pods.apply(event)
        }
        return true
    }

    mutating func deliverAll() {
        for resource in Self.kinds { while deliver(resource) {} }
    }

    /// Looks at the Deployment once, unless it waits for its own writes. Answers whether anything was to do.
    @discardableResult
    mutating func reconcileDeployment() -> Bool {
        reconcile(DeploymentReconciler(), Self.key)
    }

    @discardableResult
    mutating func reconcileSet(_ name: String) -> Bool {
        reconcile(ReplicaSetReconciler(), NamespacedName(namespace: "ns", name: name))
    }

    /// What would be done about the Deployment now.
    mutating func deploymentPlan() -> Plan {
        deliverAll()
        return DeploymentReconciler().observe(Self.key, in: caches).map {
            DeploymentReconciler().reconcile($0, at: now)
        } ?? .nothing
    }

    private mutating func reconcile<R: Reconciler>(_ reconciler: R, _ key: NamespacedName) -> Bool
    where R.Key == NamespacedName, R.Caches == ControlCaches {
        guard isAdmitted(key.name), let observed = reconciler.observe(key, in: caches) else { return false }
        let plan = reconciler.reconcile(observed, at: now)
        for planned in plan.steps.flatMap({ step in
            switch step {
            case .one(let planned): [planned]
            case .together(let all, _): all
            }
        }) {
            guard perform(planned, for: key.name) else { break }
        }
        check()
        return !plan.isEmpty
    }

    private func isAdmitted(_ key: String) -> Bool {
        (barrier[key] ?? [:]).allSatisfy { resource, revision in
            switch resource {
            case .deployments: caches.deployments.revision >= revision
            case .replicaSets: caches.replicaSets.revision >= revision
            default: caches.pods.revision >= revision
            }
        }
    }

    /// Reconciles with all events delivered until nothing is to do.
    mutating func settle() {
        for _ in 0..<200 {
            deliverAll()
            var isBusy = reconcileDeployment()
            for set in sets { isBusy = reconcileSet(set.metadata.name) || isBusy }
            if !isBusy { return }
        }
        violations.append("the controllers do not come to rest")
    }

    /// Settles, and lets the agent do one thing after the other, until nothing changes.
    mutating func run() {
        for _ in 0..<400 {
            settle()
            guard let pod = pods.first(where: isWaiting) else { return rest() }
            now = now + .seconds(1)
            advance(pod.metadata.name)
            check()
        }
        violations.append("it does not come to rest")
    }

    // MARK: the API

    /// Whether the plan goes on.
    private mutating func perform(_ planned: PlannedAction, for key: String) -> Bool {
        var given = ""
        switch planned.action {
        case .create(let resource, var object, let acceptsExisting):
            if let error = creationError {
                if var note = planned.onFailure {
                    note.message += error
                    events.append(note)
                }
                if let action = planned.afterFailure?(error) { _ = perform(PlannedAction(action), for: key) }
                return false
            }
            if object.name.isEmpty {
                given = (object["metadata", "generateName"]?.string ?? "") + String(revision)
                object["metadata", "name"] = .string(given)
            }
            if objects[resource]?[object.name] != nil { return acceptsExisting }
            object["metadata", "uid"] = .string("uid-\(revision)")
            object["metadata", "generation"] = 1
            object["metadata", "creationTimestamp"] = .string(now.text)
            if resource == .pods { checkRecreate(object) }
            if resource == .pods { object["status", "phase"] = "Pending" }
            put(resource, object, by: key)
        case .delete(let deletion) where deletion.resource == .pods:
            guard var pod = objects[.pods]?[deletion.key.name], !pod.isBeingDeleted else { break }
            pod["metadata", "deletionTimestamp"] = .string(now.text)
            put(.pods, pod, by: key)
        case .delete(let deletion):
            if sets.contains(where: { $0.metadata.name == deletion.key.name && $0.replicas > 0 }) {
                violations.append("\(deletion.key.name) is removed with pods")
            }
            remove(deletion.resource, deletion.key.name, by: key)
        case .patch(let patch):
            guard apply(patch, by: key) else { return false }
        case .event, .post, .effect: break
        }
        if var note = planned.onSuccess {
            note.message += given
            events.append(note)
        }
        return true
    }

    private mutating func apply(_ patch: Action.Patch, by key: String) -> Bool {
        guard let stored = objects[patch.resource]?[patch.key.name] else { return patch.acceptsMissing }
        let wanted = patch.body["metadata", "resourceVersion"]?.string
        guard wanted == nil || wanted == stored["metadata", "resourceVersion"]?.string else {
            conflicts += 1
            return false
        }
        var new = merged(stored, patch.body)
        if new["spec"] != stored["spec"] {
            new["metadata", "generation"] = .integer(Int64((stored["metadata", "generation"]?.int ?? 0) + 1))
        }
        put(patch.resource, new, by: key)
        return true
    }

    private func merged(_ value: Value, _ patch: Value) -> Value {
        guard let changes = patch.fields else { return patch }
        var result = value.fields == nil ? Value.emptyObject : value
        for change in changes {
            result[change.key] =
                change.value.isNull ? Value?.none : merged(result[change.key] ?? .null, change.value)
        }
        return result
    }

    private mutating func put(_ resource: APIResource, _ object: Value, by key: String? = nil) {
        revision += 1
        var object = object
        object["metadata", "resourceVersion"] = .string("\(revision)")
        objects[resource, default: [:]][object.name] = object
        undelivered[resource, default: []].append(WatchEvent(kind: .modified, object: object))
        if let key { barrier[key, default: [:]][resource] = Revision(revision) }
    }

    private mutating func remove(_ resource: APIResource, _ name: String, by key: String? = nil) {
        guard var object = objects[resource]?.removeValue(forKey: name) else { return }
        revision += 1
        object["metadata", "resourceVersion"] = .string("\(revision)")
        undelivered[resource, default: []].append(WatchEvent(kind: .deleted, object: object))
        if let key { barrier[key, default: [:]][resource] = Revision(revision) }
    }

    // MARK: the invariants

    private mutating func widen() {
        ceiling = max(ceiling, view.replicas + view.maxSurge)
        floor = floor.map { min($0, view.minAvailable) }
    }

    private mutating func rest() { ceiling = view.replicas + view.maxSurge }

    /// Never more pods than the surge allows, never fewer available than promised.
    mutating func check() {
        if active.count > ceiling { violations.append("\(active.count) pods, at most \(ceiling) are allowed") }
        let available = active.count(where: \.isReady)
        if let floor, view.isRolling, available < floor {
            violations.append("\(available) pods are available, \(floor) are promised")
        }
        // After a scale-down only a complete rollout promises anything again, and only once the controller has seen it.
        let isComplete =
            available == view.replicas && active.count == view.replicas && newest?.replicas == view.replicas
            && status.observedGeneration == view.metadata.generation
        if isComplete, sets.count(where: { $0.replicas > 0 }) <= 1, floor == nil { floor = view.minAvailable }
    }

    /// With Recreate no new pod comes while an old one is there.
    private mutating func checkRecreate(_ pod: Value) {
        guard !view.isRolling, let hash = pod.labels[NewReplicaSet.hashLabel] else { return }
        for other in pods where other.metadata.labels[NewReplicaSet.hashLabel] != hash {
            violations.append("a pod of \(hash) is created while \(other.metadata.name) is there")
        }
    }
}

extension DeploymentView {
    fileprivate var isRolling: Bool { strategy != .recreate }
}

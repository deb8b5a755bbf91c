package import APIProtocol
package import ControllerRuntime
package import CoreMetrics
package import Kinds
package import Logging
internal import ObjectModel
internal import Synchronization

/// The caches the scheduler reads; shared with the controllers.
package struct SchedulerCaches: Sendable {
    let pods: ObjectCache<PodView>
    let nodes: ObjectCache<NodeView>
    let claims: ObjectCache<PersistentVolumeClaimView>
    let volumes: ObjectCache<PersistentVolumeView>
    let classes: ObjectCache<StorageClassView>
    let namespaces: ObjectCache<NamespaceView>

    /// These caches.
    package init(
        pods: ObjectCache<PodView>, nodes: ObjectCache<NodeView>, claims: ObjectCache<PersistentVolumeClaimView>,
        volumes: ObjectCache<PersistentVolumeView>, classes: ObjectCache<StorageClassView>,
        namespaces: ObjectCache<NamespaceView>
    ) {
        self.pods = pods
        self.nodes = nodes
        self.claims = claims
        self.volumes = volumes
        self.classes = classes
        self.namespaces = namespaces
    }
}

/// Gives pods nodes: takes pending pods in order, places each on what is known and assumed, and binds through the API.
///
/// One decision at a time, up to 64 bindings under way. A pod that fits nowhere gets its PodScheduled condition and a
/// FailedScheduling event once for each reason, and is looked at again when something changes that can help: what refused it
/// says which changes (`Rejection`).
package final class Scheduler: ControlLoop {
    private struct State {
        var cluster = SchedulingState()
        var pending = PendingPods()
        var reservations = VolumeReservations()
        var binding = 0

        mutating func reconsider(_ change: ClusterChange?) {
            if let change { pending.reconsider(change, namespaces: cluster.namespaces) }
        }
    }

    /// The name in `spec.schedulerName` of the pods it serves.
    package static let schedulerName = "default-scheduler"
    private static let maximumBindings = 64

    package let name = "scheduler"
    let caches: SchedulerCaches
    let client: APIClient
    private let events: EventRecorder
    private let clock: ControlClock
    private let logger: Logger
    private let metrics: SchedulerMetrics
    private let state = Mutex(State())
    private let signal = Signal()

    /// A scheduler. It subscribes to the caches, so it is made before they are fed.
    package init(
        _ caches: SchedulerCaches, client: APIClient, events: EventRecorder, clock: ControlClock = .system,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance, logger: Logger
    ) {
        self.caches = caches
        self.client = client
        self.events = events
        self.clock = clock
        self.logger = logger
        self.metrics = SchedulerMetrics(metrics)
        subscribe()
    }

    private func subscribe() {
        caches.pods.onChange { [weak self] in self?.podChanged($0) }
        caches.nodes.onChange { [weak self] change in
            self?.changed { state in
                state.cluster.setNode(change.latest.key.name, change.new?.view)
                state.reconsider(ClusterChange(node: change.old?.view, change.new?.view))
            }
        }
        caches.namespaces.onChange { [weak self] change in
            guard change.old?.view.metadata.labels != change.new?.view.metadata.labels else { return }
            self?.changed { state in
                state.cluster.setNamespace(change.latest.key.name, change.new?.view.metadata.labels)
                state.reconsider(.namespaces)
            }
        }
        caches.claims.onChange { [weak self] change in self?.changed { $0.reconsider(.claim(change.latest.key)) } }
        caches.volumes.onChange { [weak self] change in
            let claim = change.latest.view.claim.map { NamespacedName(namespace: $0.namespace, name: $0.name) }
            self?.changed { state in
                if claim != nil || change.new == nil { state.reservations.release(volume: change.latest.key.name) }
                state.reconsider(.volume(claim: claim))
            }
        }
        caches.classes.onChange { [weak self] _ in self?.changed { $0.reconsider(.storageClass) } }
    }

    private func podChanged(_ change: CacheChange<PodView>) {
        let pod = change.latest
        changed { state in
            let view = change.new?.view
            let wasAssumed = state.cluster.assumedNode(of: pod.uid) != nil
            state.cluster.setPod(uid: pod.uid, view)
            state.reconsider(ClusterChange(pod: change.old?.view, view))
            guard let view, Self.needsNode(view) else {
                state.pending.remove(pod.key)
                // One that went before it was bound is in no change of placed pods.
                if wasAssumed, view?.isScheduled != true, state.cluster.assumedNode(of: pod.uid) == nil {
                    state.pending.reconsiderAll()
                }
                return
            }
            // Its own status changes with every attempt; only a changed spec or label can help.
            let old = change.old?.view
            if change.old?.uid != pod.uid || old?.spec != view.spec || old?.metadata.labels != view.metadata.labels {
                state.pending.add(pod.key, priority: view.spec.priority)
            }
        }
    }

    private static func needsNode(_ pod: PodView) -> Bool {
        !pod.isScheduled && !pod.isTerminating && !pod.isTerminal && pod.spec.schedulingGates.isEmpty
            && (pod.spec.schedulerName.isEmpty || pod.spec.schedulerName == schedulerName)
    }

    private func changed(_ change: (inout State) -> Void) {
        state.withLock { change(&$0) }
        signal.give()
    }

    package func run() async {
        let read: [any RevisionedCache] = [
            caches.pods, caches.nodes, caches.claims, caches.volumes, caches.classes, caches.namespaces,
        ]
        for cache in read {
            await cache.waitUntilSynced()
        }
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let now = clock.uptime()
                let (key, due) = state.withLock { state -> (NamespacedName?, Duration?) in
                    // At the limit there is nothing to do before a binding ends, which signals.
                    guard state.binding < Self.maximumBindings else { return (nil, nil) }
                    return (state.pending.next(now: now), state.pending.nextDue)
                }
                guard let key else {
                    await signal.wait(atMost: due.map { max($0 - now, .zero) }, sleep: clock.sleep)
                    continue
                }
                guard let pod = waitingPod(key) else {
                    // Looked at again: another pod of the name may have come, and it is not to be forgotten.
                    state.withLock { state in if waitingPod(key) == nil { state.pending.remove(key) } }
                    continue
                }
                if let work = decide(pod, since: now) {
                    state.withLock { state in
                        state.binding += 1
                        state.pending.begin(key, uid: pod.uid)
                    }
                    group.addTask {
                        let isBound = await self.carryOut(work, since: now)
                        self.changed { state in
                            state.binding -= 1
                            // A bound pod leaves when the cache shows it.
                            if !isBound { state.pending.finish(key, uid: pod.uid) }
                        }
                    }
                }
            }
        }
    }

    package func publishMetrics() async { metrics.publish(state.withLock { $0.pending.counts }) }

    private enum Work: Sendable {
        case bind(CachedObject<PodView>, node: String, volumes: VolumeChoice)
        case refuse(CachedObject<PodView>, message: String)
    }

    /// The decision about one pod, on what is known now; nil when everything is as it was told before.
    private func decide(_ pod: CachedObject<PodView>, since begin: Duration) -> Work? {
        let demand = claimDemand(of: pod.view)
        return state.withLock { state in
            // What is held for a pod is given back when the cache tells of its end: nothing is held for one that went.
            guard waitingPod(pod.key)?.uid == pod.uid else { return nil }
            let former = state.cluster.assumedNode(of: pod.uid)
            state.cluster.forget(uid: pod.uid)
            state.reservations.release(demand.waiting)
            let needs = PodNeeds(pod.view, claims: state.reservations.apply(to: demand))
            let verdict = state.cluster.verdict(on: needs)
            if let former, verdict.placement != .node(former) {
                // What was held for it there is free for others.
                state.pending.reconsiderAll(except: pod.key)
            }
            switch verdict.placement {
            case .node(let node):
                state.cluster.assume(uid: pod.uid, pod.view, on: node)
                let volumes =
                    state.cluster.load(of: node).flatMap { needs.claims.volumes(on: $0.view) } ?? VolumeChoice()
                state.reservations.hold(volumes)
                if volumes.isEmpty {
                    state.pending.settle(pod.key)
                } else {
                    state.pending.refuse(pod.key, Rejection(filters: [.volumeBinding], pod: needs))
                }
                return .bind(pod, node: node, volumes: volumes)
            case .unschedulable(let message):
                if let rejection = verdict.rejection { state.pending.refuse(pod.key, rejection) }
                metrics.attempted(.unschedulable, in: clock.uptime() - begin)
                let told = pod.view.status.conditions.condition("PodScheduled")
                return told?.message == message ? nil : .refuse(pod, message: message)
            }
        }
    }

    /// The pod of that name, when it needs a node.
    private func waitingPod(_ key: NamespacedName) -> CachedObject<PodView>? {
        caches.pods.object(key).flatMap { Self.needsNode($0.view) ? $0 : nil }
    }

    /// Whether the pod is bound now.
    private func carryOut(_ work: Work, since begin: Duration) async -> Bool {
        switch work {
        case .bind(let pod, let node, let volumes): return await bind(pod, to: node, volumes, since: begin)
        case .refuse(let pod, let message):
            await refuse(pod, message)
            return false
        }
    }

    private func bind(
        _ pod: CachedObject<PodView>, to node: String, _ volumes: VolumeChoice, since begin: Duration
    ) async -> Bool {
        do throws(APIError) {
            guard volumes.isEmpty else {
                // Binding goes on when the claims are bound: their change brings the pod back.
                try await prepare(volumes, on: node)
                return false
            }
            _ = try await client.create(
                .pods, namespace: pod.key.namespace, name: pod.key.name, subresource: "binding",
                [
                    "apiVersion": "v1", "kind": "Binding",
                    "metadata": [
                        "name": .string(pod.key.name), "namespace": .string(pod.key.namespace), "uid": .string(pod.uid),
                    ],
                    "target": ["kind": "Node", "name": .string(node)],
                ])
            events.record(
                EventNote(
                    ObjectReference(.pods, pod.key, uid: pod.uid), .normal, reason: "Scheduled",
                    message: "Successfully assigned \(pod.key) to \(node)"))
            metrics.attempted(.scheduled, in: clock.uptime() - begin)
            return true
        } catch {
            let now = clock.uptime()
            metrics.attempted(.error, in: now - begin)
            changed { state in
                state.cluster.forget(uid: pod.uid)
                state.reservations.release(volumes.bindings.map(\.claim))
                // Also when something was not found: it may have been a volume, and a pod that is gone leaves with the cache.
                state.pending.retry(pod.key, now: now)
                // What was held for it is free again: others may have waited for it.
                state.pending.reconsiderAll()
            }
            logger.debug("a binding failed", metadata: ["pod": "\(pod.key)", "node": "\(node)", "error": "\(error)"])
            return false
        }
    }

    private func refuse(_ pod: CachedObject<PodView>, _ message: String) async {
        events.record(
            EventNote(
                ObjectReference(.pods, pod.key, uid: pod.uid), .warning, reason: "FailedScheduling", message: message))
        let told = pod.view.status.conditions.condition("PodScheduled")
        var condition: Value = [
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": .string(message),
        ]
        if told?.status != "False" { condition["lastTransitionTime"] = .string(clock.now().text) }
        do throws(APIError) {
            _ = try await client.patch(
                .pods, namespace: pod.key.namespace, name: pod.key.name, type: .strategic,
                ["metadata": ["uid": .string(pod.uid)], "status": ["conditions": [condition]]], subresource: "status")
        } catch {
            let now = clock.uptime()
            changed { $0.pending.retry(pod.key, now: now) }
        }
    }
}

internal import APIProtocol
internal import Kinds
internal import ObjectModel

/// What people and fate do to a cluster, drawn from the seed; then everything is healed and the goal must be reached.
struct Scenario: Sendable {
    /// How much happens.
    struct Size: Sendable {
        var sets = 2
        var actions = 14
        var longestPause = Duration.seconds(60)
    }

    private enum Act: CaseIterable {
        case scale, image, breakImage, deletePod, failPod, flap, deleteSet, deleteClaim, partition
        case crashControl, crashServer, crashAgent, pauseControl, pauseAgent, reboot, jump, compact
    }

    private static let healing = Duration.seconds(1800)
    private static let rest = Duration.seconds(900)

    private let cluster: SimulatedCluster
    private let random: SeededRandom
    private let size: Size
    private let client: APIClient
    private var plans: [SetPlan] = []
    /// What was done, for people.
    private(set) var story: [String] = []

    init(_ cluster: SimulatedCluster, random: SeededRandom, size: Size) {
        self.cluster = cluster
        self.random = random
        self.size = size
        client = cluster.client("user")
    }

    /// Plays everything; what was found is in the ledger.
    mutating func play() async {
        for number in 0..<size.sets { plans.append(SetPlan("set-\(number)", random)) }
        for plan in plans { await create(plan) }
        for _ in 0..<size.actions {
            try? await cluster.clock.sleep(random.duration(upTo: size.longestPause))
            if Task.isCancelled { return }
            await act(random.pick(Act.allCases), on: random.number(in: 0...plans.count - 1))
        }
        await heal()
        guard await reachGoal() else { return }
        await checkRest()
        checkOrphans()
    }

    private mutating func note(_ text: String) {
        story.append("\(cluster.clock.uptime): \(text)")
        cluster.ledger.note("--- \(text)")
    }

    // MARK: What people do

    private mutating func create(_ plan: SetPlan) async {
        note("create \(plan.name): \(plan.replicas) of \(plan.image)")
        await told { client in
            _ = try await client.create(.statefulSets, plan.manifest)
        }
    }

    /// Does something, again until it was done or refused.
    private func told(_ body: @Sendable (APIClient) async throws -> Void) async {
        for _ in 0..<30 {
            do {
                return try await body(client)
            } catch let error as APIError {
                if let code = error.code, (400..<500).contains(code), code != 429 { return }
                try? await cluster.clock.sleep(.seconds(1))
            } catch {
                return
            }
        }
    }

    private func patch(_ name: String, _ spec: Value) async {
        await told { client in
            _ = try await client.patch(
                .statefulSets, namespace: SetPlan.namespace, name: name, ["spec": spec])
        }
    }

    private mutating func set(_ image: String, of index: Int) async {
        plans[index].image = image
        note("image of \(plans[index].name): \(image)")
        let template: Value = plans[index].manifest["spec", "template"] ?? .null
        await patch(plans[index].name, ["template": ["spec": ["containers": template["spec", "containers"] ?? .null]]])
    }

    private mutating func set(partition: Int, of index: Int) async {
        plans[index].partition = partition
        note("partition of \(plans[index].name): \(partition)")
        await patch(
            plans[index].name,
            ["updateStrategy": ["rollingUpdate": ["partition": .integer(Int64(partition))]]])
    }

    private mutating func act(_ act: Act, on index: Int) async {
        let plan = plans[index]
        switch act {
        case .scale:
            plans[index].replicas = random.number(in: 0...6)
            note("scale \(plan.name) to \(plans[index].replicas)")
            await patch(plan.name, ["replicas": .integer(Int64(plans[index].replicas))])
        case .image: await set(random.pick(SetPlan.goodImages), of: index)
        // With OnDelete only people replace what is broken.
        case .breakImage:
            guard !plan.isOnDelete else { return }
            plans[index].wasBroken = true
            await set(SetPlan.brokenImage, of: index)
        case .partition: if !plan.isOnDelete { await set(partition: random.number(in: 0...3), of: index) }
        case .deleteSet: await remake(plan)
        case .deletePod, .failPod, .flap, .deleteClaim: await actOnPod(act, plan)
        default: await fate(act)
        }
    }

    private mutating func actOnPod(_ act: Act, _ plan: SetPlan) async {
        let pod = "\(plan.name)-\(plan.start + random.number(in: 0...max(0, plan.replicas - 1)))"
        let key = NamespacedName(namespace: SetPlan.namespace, name: pod)
        note("\(act) \(pod)")
        switch act {
        case .deletePod:
            await told { try await $0.delete(.pods, namespace: key.namespace, name: key.name) }
        case .failPod:
            let ledger = cluster.ledger
            await told { client in
                _ = try await client.patch(
                    .pods, namespace: key.namespace, name: key.name,
                    ["status": ["phase": "Failed", "reason": "Evicted"]], subresource: "status")
                ledger.excuse(key)
            }
        case .deleteClaim:
            await told {
                try await $0.delete(.persistentVolumeClaims, namespace: key.namespace, name: "data-\(key.name)")
            }
        default:
            let isUnready = random.chance(0.6)
            for machine in cluster.machines { machine.set(key, isUnready: isUnready) }
        }
    }

    /// Deletes a set in one of the three ways, and makes it again a while later.
    private mutating func remake(_ plan: SetPlan) async {
        let policy = random.pick(["Background", "Foreground", "Orphan"])
        note("delete \(plan.name) (\(policy)) and make it again")
        await told { client in
            try await client.delete(
                .statefulSets, namespace: SetPlan.namespace, name: plan.name,
                options: DeleteOptions(propagationPolicy: policy))
        }
        try? await cluster.clock.sleep(random.duration(upTo: .seconds(60)))
        await ensure(plan)
    }

    /// Creates a set as soon as nothing of its name is there.
    private func ensure(_ plan: SetPlan) async {
        for _ in 0..<600 {
            do throws(APIError) {
                _ = try await client.create(.statefulSets, plan.manifest)
                return
            } catch {
                guard error.alreadyExists || error.code.map({ $0 >= 500 }) ?? true else { return }
                let found = try? await client.get(.statefulSets, namespace: SetPlan.namespace, name: plan.name)
                if let found, !found.isBeingDeleted { return }
                try? await cluster.clock.sleep(.seconds(2))
            }
        }
    }

    // MARK: What fate does

    private mutating func fate(_ act: Act) async {
        let machine = random.pick(cluster.machines)
        switch act {
        case .crashControl: cluster.crash(random.pick(SimulatedCluster.controlProcesses))
        case .pauseControl:
            cluster.pause(random.pick(SimulatedCluster.controlProcesses), for: random.duration(upTo: .seconds(60)))
        case .pauseAgent: cluster.pause(machine.name, for: random.duration(upTo: .seconds(600)))
        case .crashServer: cluster.crash(SimulatedCluster.serverProcess)
        case .crashAgent: cluster.crash(machine.name, pause: random.duration(upTo: .seconds(120)))
        case .reboot:
            cluster.crash(machine.name)
            await machine.reboot()
        case .jump: cluster.clock.jump(by: .seconds(random.number(in: -120...600)))
        default: cluster.compact(keeping: Int64(random.number(in: 0...20)))
        }
        note("\(act) (\(machine.name))")
    }

    // MARK: The end

    private mutating func heal() async {
        note("heal")
        cluster.set(.none)
        cluster.resumeAll()
        for index in plans.indices {
            for ordinal in 0..<20 {
                let key = NamespacedName(namespace: SetPlan.namespace, name: "\(plans[index].name)-\(ordinal)")
                for machine in cluster.machines { machine.set(key, isUnready: false) }
            }
            await ensure(plans[index])
            // Below a partition a broken image may be the current one, and stays as it is asked to.
            if plans[index].wasBroken { await set(partition: 0, of: index) }
            await set("app:9", of: index)
        }
    }

    private func reachGoal() async -> Bool {
        let deadline = cluster.clock.uptime + Self.healing
        while cluster.clock.uptime < deadline, !Task.isCancelled {
            if plans.allSatisfy({ shortcoming(of: $0) == nil }) { return true }
            try? await cluster.clock.sleep(.seconds(5))
        }
        for plan in plans {
            if let text = shortcoming(of: plan) { cluster.ledger.report(.goalIsReached, "\(plan.name): \(text)") }
        }
        return false
    }

    /// What a set still lacks; nil when it is as it should be.
    private func shortcoming(of plan: SetPlan) -> String? {
        let history = cluster.ledger.history
        let key = NamespacedName(namespace: SetPlan.namespace, name: plan.name)
        guard let set = history.sets[key], set.gone == nil else { return "it does not exist" }
        let status = set.view.status
        guard status.observedGeneration == set.view.metadata.generation else { return "its status is behind" }
        let pods = history.pods(of: set.view, since: cluster.clock.uptime).filter { $0.gone == nil }
        let wanted = Set(plan.start..<plan.start + plan.replicas)
        let there = Set(pods.compactMap { StatefulSetInvariants.ordinal($0.view.metadata.name) })
        if there != wanted { return "pods \(there.sorted()) instead of \(wanted.sorted())" }
        if let pod = pods.first(where: { !$0.isReady || $0.terminating != nil }) {
            return "\(pod.view.metadata.name) is not ready: \(pod.view.status.phase)"
        }
        if status.readyReplicas != plan.replicas || status.replicas != plan.replicas {
            return "its status says \(status.readyReplicas) of \(status.replicas) ready"
        }
        if plan.isOnDelete { return nil }
        let old = pods.filter {
            let ordinal = StatefulSetInvariants.ordinal($0.view.metadata.name) ?? 0
            return ordinal >= plan.start + plan.partition && $0.view.spec.containers.first?.image != "app:9"
        }
        return old.first.map { "\($0.view.metadata.name) is not updated" }
    }

    private func checkRest() async {
        // What hangs on times (events told late, statuses settling) may still write a little.
        try? await cluster.clock.sleep(.seconds(120))
        let before = cluster.ledger.history.writes
        try? await cluster.clock.sleep(Self.rest)
        let history = cluster.ledger.history
        if history.writes > before {
            cluster.ledger.report(.restIsQuiet, "\(history.writes - before) writes, the last: \(history.lastWrite)")
        }
    }

    private func checkOrphans() {
        let history = cluster.ledger.history
        let sets = Set(history.sets.values.filter { $0.gone == nil }.map(\.view.metadata.uid))
        for pod in history.pods.values.joined() where pod.gone == nil {
            if let owner = pod.view.metadata.controller, !sets.contains(owner.uid) {
                cluster.ledger.report(.noOrphans, "\(pod.view.metadata.name) belongs to a set that is gone")
            }
        }
        let used = Set(
            history.pods.values.joined().filter { $0.gone == nil }.flatMap { pod in
                pod.view.spec.volumes.compactMap(\.claimName).map {
                    NamespacedName(namespace: pod.view.metadata.namespace, name: $0)
                }
            })
        for (key, claim) in history.claims {
            // One that a new pod took just before goes as soon as that pod lets it.
            if claim.isBeingDeleted, used.contains(key) { continue }
            let owners = claim.ownerReferences
            if !owners.isEmpty, owners.allSatisfy({ history.isGone($0, in: key.namespace) }) {
                cluster.ledger.report(.noOrphans, "\(key.name) belongs to what is gone")
            }
        }
    }
}

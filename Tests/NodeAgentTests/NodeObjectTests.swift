import ControllerRuntime
import Kinds
import NodeAgent
import ObjectModel
import Testing

@Suite struct NodeObjectTests {
    static let now = Timestamp("2026-01-02T03:04:05.678Z") ?? Timestamp(seconds: 0)

    static let facts = NodeFacts(
        kernelRelease: "6.1.0", machine: "x86_64", osRelease: "ID=debian\nPRETTY_NAME=\"Debian 12\"\n",
        memory: "MemTotal:       4096 kB\nMemFree: 1 kB\n", machineID: "abc\n", systemUUID: "", bootID: "boot\n",
        processors: 2)

    static let description: NodeDescription = {
        var description = NodeDescription(
            name: "node-a", address: "192.0.2.1", runtimeName: "containerd", runtimeVersion: "containerd://1.6.20",
            milliCPU: 2500, memoryBytes: 4 << 20, ephemeralStorageBytes: 1 << 30)
        description.podCIDR = "10.1.0.0/24"
        return description
    }()

    private func node(_ health: NodeHealth = NodeHealth()) -> Value {
        NodeObject.node(Self.description, Self.facts, health, at: Self.now)
    }

    @Test func factsAreReadOutOfTheSystemsFiles() {
        let facts = Self.facts
        #expect(facts.architecture == "amd64" && facts.osImage == "Debian 12" && facts.memoryBytes == 4 << 20)
        #expect(facts.machineID == "abc" && facts.systemUUID == "abc" && facts.bootID == "boot")
        #expect(facts.milliCPU == 2000)
    }

    @Test func thisMachineHasFacts() {
        let facts = NodeFacts.ofThisMachine()
        #expect(!facts.kernelVersion.isEmpty && !facts.architecture.isEmpty && !facts.osImage.isEmpty)
        #expect(facts.milliCPU >= 1000 && facts.memoryBytes > 0)
        #expect(NodeFacts.diskBytes(at: "/") > 0)
    }

    @Test func theNodeSaysWhatItOffers() {
        let view = NodeView(node())
        #expect(view.isReady && view.internalIP == "192.0.2.1" && view.podCIDR == "10.1.0.0/24")
        #expect(view.taints.isEmpty)
        #expect(view.capacity["cpu"] == Quantity(milli: 2500) && view.capacity["pods"] == Quantity(110))
        #expect(view.allocatable["memory"] == Quantity(4 << 20))
        #expect(view.allocatable["ephemeral-storage"] == Quantity(1 << 30))
        #expect(
            view.metadata.labels == [
                "kubernetes.io/hostname": "node-a", "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
                "ordinal.dev/runtime": "containerd",
            ])
        #expect(node()["status", "nodeInfo", "kubeletVersion"] == "v1.36.0")
        #expect(node()["status", "nodeInfo", "containerRuntimeVersion"] == "containerd://1.6.20")
    }

    @Test func reservedResourcesAreNotAllocatable() {
        var description = Self.description
        description.reservedMilliCPU = 500
        description.reservedMemoryBytes = 1 << 20
        let view = NodeView(NodeObject.node(description, Self.facts, NodeHealth(), at: Self.now))
        #expect(view.capacity["cpu"] == Quantity(milli: 2500) && view.allocatable["cpu"] == Quantity(2))
        #expect(view.allocatable["memory"] == Quantity(3 << 20))
    }

    @Test func conditionsHaveKubeletsWords() {
        func words(_ health: NodeHealth) -> [String] {
            NodeView(node(health)).conditions.map { "\($0.type) \($0.status) \($0.reason): \($0.message)" }
        }
        #expect(
            words(NodeHealth()) == [
                "MemoryPressure False KubeletHasSufficientMemory: kubelet has sufficient memory available",
                "DiskPressure False KubeletHasNoDiskPressure: kubelet has no disk pressure",
                "PIDPressure False KubeletHasSufficientPID: kubelet has sufficient PID available",
                "Ready True KubeletReady: kubelet is posting ready status",
            ])
        var bad = NodeHealth(problem: "container runtime is down")
        bad.memoryPressure = true
        bad.diskPressure = true
        bad.processPressure = true
        #expect(
            words(bad) == [
                "MemoryPressure True KubeletHasInsufficientMemory: kubelet has insufficient memory available",
                "DiskPressure True KubeletHasDiskPressure: kubelet has disk pressure",
                "PIDPressure True KubeletHasInsufficientPID: kubelet has insufficient PID available",
                "Ready False KubeletNotReady: container runtime is down",
            ])
    }

    @Test func onlyAConditionThatChangedGetsANewTransitionTime() {
        let later = Self.now + .seconds(60)
        let status = NodeObject.status(
            Self.description, Self.facts, NodeHealth(problem: "x"), former: node()["status"] ?? .null, at: later)
        let conditions = NodeView(["status": status]).conditions
        let whole = Timestamp(Self.now.text)
        #expect(conditions.condition("Ready")?.lastTransitionTime == Timestamp(later.text))
        #expect(conditions.condition("DiskPressure")?.lastTransitionTime == whole)
        #expect(conditions.allSatisfy { $0.lastHeartbeatTime == Timestamp(later.text) })
    }

    @Test func theTaintGoesWhenTheNodeIsReady() {
        var object = node(NodeHealth(problem: "starting"))
        #expect(object["spec", "taints"] == [["key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"]])
        let own: Value = ["key": "mine", "effect": "NoExecute"]
        object["spec", "taints"] = .array((object["spec", "taints"]?.array ?? []) + [own])
        object["metadata", "resourceVersion"] = "7"
        func update(_ health: NodeHealth) -> Value? {
            NodeObject.update(of: object, Self.description, Self.facts, health)
        }
        #expect(update(NodeHealth(problem: "still")) == nil)
        #expect(update(NodeHealth()) == ["spec": ["taints": [own]], "metadata": ["resourceVersion": "7"]])
    }

    @Test func anUpdateAddsWhatIsMissingAndKeepsTheRest() {
        let bare: Value = ["metadata": ["name": "node-a", "labels": ["mine": "1", "kubernetes.io/os": "linux"]]]
        let patch = NodeObject.update(of: bare, Self.description, Self.facts, NodeHealth())
        #expect(
            patch?["metadata", "labels"]?.stringMap == [
                "kubernetes.io/hostname": "node-a", "kubernetes.io/arch": "amd64",
                "ordinal.dev/runtime": "containerd",
            ])
        #expect(patch?["spec", "podCIDR"] == "10.1.0.0/24")
        #expect(NodeObject.update(of: node(), Self.description, Self.facts, NodeHealth()) == nil)
    }

    @Test func theLeaseIsOwnedByTheNode() {
        let lease = NodeLease.lease(node: "node-a", nodeUID: "u", at: Self.now)
        let view = LeaseView(lease)
        #expect(view.metadata.namespace == "kube-node-lease" && view.holderIdentity == "node-a")
        #expect(view.leaseDurationSeconds == 40)
        #expect(lease["spec", "renewTime"] == "2026-01-02T03:04:05.678000Z")
        #expect(view.metadata.ownerReferences.first?.uid == "u")
    }
}

@Suite struct NodeHeartbeatTests {
    private let health = NodeHealth()

    private func registered(at now: Duration = .zero) -> NodeHeartbeat {
        var beat = NodeHeartbeat()
        beat.succeeded(.register, at: now, health: health)
        return beat
    }

    @Test func nothingIsSentBeforeRegistration() {
        var beat = NodeHeartbeat()
        #expect(beat.due(at: .zero, health: health) == [.register])
        beat.failed(.register, at: .zero, random: 0)
        #expect(beat.due(at: .milliseconds(99), health: health).isEmpty)
        #expect(beat.nextDue == .milliseconds(100))
        #expect(beat.due(at: .milliseconds(100), health: health) == [.register])
    }

    @Test func theLeaseIsRenewedEveryTenSeconds() {
        var beat = registered()
        #expect(beat.due(at: .zero, health: health) == [.lease])
        beat.succeeded(.lease, at: .zero, health: health)
        #expect(beat.due(at: .seconds(9), health: health).isEmpty)
        #expect(beat.nextDue == .seconds(10))
        #expect(beat.due(at: .seconds(10), health: health) == [.lease])
    }

    @Test func theStatusIsSentOnChangeAndEveryFiveMinutes() {
        var beat = registered()
        beat.succeeded(.lease, at: .zero, health: health)
        let changed = NodeHealth(problem: "x")
        #expect(beat.due(at: .seconds(1), health: changed) == [.status])
        beat.succeeded(.status, at: .seconds(1), health: changed)
        #expect(beat.due(at: .seconds(2), health: changed).isEmpty)
        beat.succeeded(.lease, at: .seconds(300), health: changed)
        #expect(beat.due(at: .seconds(301), health: changed) == [.status])
    }

    @Test func aFailingStatusDoesNotDelayTheLease() {
        var beat = registered()
        beat.succeeded(.lease, at: .zero, health: health)
        let changed = NodeHealth(problem: "x")
        var now = Duration.seconds(1)
        for _ in 0..<10 {
            _ = beat.due(at: now, health: changed)
            beat.failed(.status, at: now, random: 0.999)
            now += .milliseconds(1)
        }
        // The longest waiting time is 7 s; a change does not cut it short.
        #expect(beat.due(at: now, health: changed).isEmpty)
        #expect(beat.due(at: .seconds(10), health: changed) == [.lease, .status])
    }

    @Test func aNodeThatIsGoneIsRegisteredAnew() {
        var beat = registered()
        beat.nodeIsGone(at: .seconds(5))
        #expect(beat.due(at: .seconds(5), health: health) == [.register])
    }
}

import APIProtocol
import ControllerRuntime
import Kinds
import ObjectModel
import Synchronization
import Testing

@testable import Scheduling

@Suite struct VolumeBindingTests {
    private static func node(_ name: String, labels: [String: String] = [:]) -> NodeView {
        PlacingTests.node(name, labels: .stringMap(labels.merging(["kubernetes.io/hostname": name]) { $1 }))
    }

    static func volume(
        _ name: String, size: String = "1Gi", node: String? = nil, phase: String = "Available", claim: Value? = nil
    ) -> Value {
        var volume: Value = [
            "metadata": ["name": .string(name), "uid": .string("v-\(name)"), "resourceVersion": "3"],
            "spec": [
                "capacity": ["storage": .string(size)], "accessModes": ["ReadWriteOnce"], "storageClassName": "local",
            ], "status": ["phase": .string(phase)],
        ]
        if let node {
            let expression: Value = ["key": "kubernetes.io/hostname", "operator": "In", "values": [.string(node)]]
            volume["spec", "nodeAffinity"] = [
                "required": ["nodeSelectorTerms": [["matchExpressions": [expression]]]]
            ]
        }
        if let claim { volume["spec", "claimRef"] = claim }
        return volume
    }

    static func claim(_ name: String, size: String = "1Gi", selected: String? = nil) -> Value {
        var claim: Value = [
            "metadata": [
                "name": .string(name), "namespace": "ns", "uid": .string("c-\(name)"), "resourceVersion": "7",
            ],
            "spec": [
                "accessModes": ["ReadWriteOnce"], "storageClassName": "local",
                "resources": ["requests": ["storage": .string(size)]],
            ], "status": ["phase": "Pending"],
        ]
        if let selected {
            claim["metadata", "annotations"] = ["volume.kubernetes.io/selected-node": .string(selected)]
        }
        return claim
    }

    static func storageClass(_ provisioner: String, zones: [String] = []) -> Value {
        var storageClass: Value = [
            "metadata": ["name": "local", "resourceVersion": "1"], "provisioner": .string(provisioner),
            "volumeBindingMode": "WaitForFirstConsumer",
        ]
        if !zones.isEmpty {
            let expression: Value = ["key": "zone", "values": .array(zones.map { .string($0) })]
            storageClass["allowedTopologies"] = [["matchLabelExpressions": [expression]]]
        }
        return storageClass
    }

    static let handMade = "kubernetes.io/no-provisioner"
    static let made = "ordinal.dev/local"

    private static func waiting(
        _ claim: Value, _ storageClass: Value, _ volumes: [Value] = [], reserved: [Value] = []
    ) -> WaitingClaim {
        WaitingClaim(
            CachedObject(claim), StorageClassView(storageClass), reserved: reserved.map { CachedObject($0) },
            free: volumes.map { CachedObject($0) },
            selectedNode: claim["metadata", "annotations", "volume.kubernetes.io/selected-node"]?.string)
    }

    private static func demand(_ waiting: [WaitingClaim]) -> ClaimDemand {
        var demand = ClaimDemand()
        demand.waiting = waiting
        return demand
    }

    /// `claim=volume`, or `claim+` for one to be made; nil when the node does not serve.
    private static func text(_ choice: VolumeChoice?) -> [String]? {
        choice.map { choice in
            choice.bindings.map { "\($0.claim.key.name)=\($0.volume.name)" } + choice.provisions.map { "\($0.name)+" }
        }
    }

    static let cases: [(String, ClaimDemand, [String]?)] = [
        ("nobody waits", ClaimDemand(), []),
        ("nothing is there and nobody makes any", demand([waiting(claim("a"), storageClass(handMade))]), nil),
        ("nothing is there", demand([waiting(claim("a"), storageClass(made))]), ["a+"]),
        (
            "the smallest that fits",
            demand([
                waiting(
                    claim("a", size: "2Gi"), storageClass(made),
                    [volume("x", size: "1Gi"), volume("y", size: "9Gi"), volume("z", size: "3Gi")])
            ]), ["a=z"]
        ),
        (
            "of another node",
            demand([waiting(claim("a"), storageClass(handMade), [volume("x", node: "other")])]), nil
        ),
        (
            "of this node",
            demand([waiting(claim("a"), storageClass(handMade), [volume("x", node: "n")])]), ["a=x"]
        ),
        (
            "not available",
            demand([waiting(claim("a"), storageClass(handMade), [volume("x", phase: "Released")])]), nil
        ),
        (
            "one volume does not serve two claims",
            demand(
                ["a", "b"].map { waiting(claim($0), storageClass(handMade), [volume("x")]) }), nil
        ),
        (
            "the smaller claim chooses first",
            demand([
                waiting(
                    claim("a", size: "5Gi"), storageClass(handMade),
                    [volume("x", size: "5Gi"), volume("y", size: "9Gi")]),
                waiting(
                    claim("b", size: "1Gi"), storageClass(handMade),
                    [volume("x", size: "5Gi"), volume("y", size: "9Gi")]),
            ]), ["b=x", "a=y"]
        ),
        (
            "a node was told before",
            demand([waiting(claim("a", selected: "n"), storageClass(made), [volume("x")])]), ["a+"]
        ),
        (
            "another node was told before",
            demand([waiting(claim("a", selected: "other"), storageClass(made), [volume("x")])]), nil
        ),
        (
            "a node was told although nobody makes any",
            demand([waiting(claim("a", selected: "other"), storageClass(handMade), [volume("x")])]), ["a=x"]
        ),
        (
            "made for this node's zone",
            demand([waiting(claim("a"), storageClass(made, zones: ["z"]))]), ["a+"]
        ),
        (
            "made for other zones",
            demand([waiting(claim("a"), storageClass(made, zones: ["y"]))]), nil
        ),
        (
            "reserved for it",
            demand([
                waiting(
                    claim("a"), storageClass(made), [volume("x")],
                    reserved: [volume("r", claim: ["namespace": "ns", "name": "a", "uid": "c-a"])])
            ]), ["a=r"]
        ),
        (
            "reserved for it elsewhere",
            demand([
                waiting(
                    claim("a"), storageClass(made), [volume("x")],
                    reserved: [volume("r", node: "other", claim: ["namespace": "ns", "name": "a"])])
            ]), nil
        ),
        (
            "reserved for its predecessor",
            demand([
                waiting(
                    claim("a"), storageClass(made), [],
                    reserved: [volume("r", claim: ["namespace": "ns", "name": "a", "uid": "old"])])
            ]), ["a+"]
        ),
    ]

    @Test(arguments: cases.indices)
    func waitingClaimsGetVolumes(_ index: Int) {
        let (name, demand, expected) = Self.cases[index]
        #expect(Self.text(demand.volumes(on: Self.node("n", labels: ["zone": "z"]))) == expected, "\(name)")
    }

    @Test func aPodGoesWhereItsVolumeIs() {
        let state = PlacingTests.state([Self.node("a"), Self.node("b")])
        let demand = Self.demand([
            Self.waiting(Self.claim("c"), Self.storageClass(Self.handMade), [Self.volume("x", node: "b")])
        ])
        #expect(state.place(PlacingTests.pod(), claims: demand) == .node("b"))
    }

    @Test func aPodWithoutAVolumeIsToldSoInUpstreamsWords() {
        let state = PlacingTests.state([Self.node("a")])
        let demand = Self.demand([Self.waiting(Self.claim("c"), Self.storageClass(Self.handMade))])
        #expect(
            state.place(PlacingTests.pod(), claims: demand)
                == .unschedulable(
                    "0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind. preemption: "
                        + "0/1 nodes are available: 1 Preemption is not helpful for scheduling."))
    }

    @Test func aHeldVolumeIsForItsClaimOnly() throws {
        let volumes = [Self.volume("x")]
        let first = Self.demand([Self.waiting(Self.claim("a"), Self.storageClass(Self.handMade), volumes)])
        let second = Self.demand([Self.waiting(Self.claim("b"), Self.storageClass(Self.handMade), volumes)])
        let node = Self.node("n")
        var reservations = VolumeReservations()
        reservations.hold(try #require(first.volumes(on: node)))
        #expect(Self.text(reservations.apply(to: first).volumes(on: node)) == ["a=x"])
        #expect(reservations.apply(to: second).volumes(on: node) == nil)
        reservations.release(second.waiting)
        #expect(reservations.apply(to: second).volumes(on: node) == nil)
        var other = reservations
        other.release(volume: "x")
        #expect(Self.text(other.apply(to: second).volumes(on: node)) == ["b=x"])
        reservations.release(first.waiting)
        #expect(Self.text(reservations.apply(to: second).volumes(on: node)) == ["b=x"])
    }

    @Test(.timeLimit(.minutes(1)))
    func twoPodsDoNotGetOneVolume() async {
        let fixture = SchedulerFixture()
        let volumePath = "PATCH /api/v1/persistentvolumes/x"
        let transport = HeldTransport(holding: [volumePath])
        await fixture.run(transport) {
            fixture.start(
                nodes: [SchedulerFixture.node("n")], claims: [Self.claim("a"), Self.claim("b")],
                volumes: [Self.volume("x")], classes: [Self.storageClass(Self.handMade)])
            fixture.pods.apply(WatchEvent(kind: .added, object: SchedulerFixture.pod("a", revision: 2, claim: "a")))
            await transport.waitFor(volumePath)
            fixture.pods.apply(WatchEvent(kind: .added, object: SchedulerFixture.pod("b", revision: 3, claim: "b")))
            await transport.waitFor("PATCH /api/v1/namespaces/ns/pods/b/status")
            transport.release(volumePath)
        }
        let requests = transport.requests
        #expect(requests.count == 2)
        #expect(requests.first?.contains(#""claimRef":{"kind":"PersistentVolumeClaim""#) == true, "\(requests)")
        #expect(requests.first?.contains(#""uid":"c-a""#) == true)
        #expect(requests.last?.contains("node(s) didn't find available persistent volumes to bind") == true)
    }

    @Test func aPodWithoutAVolumeWaitsForOneOrForItsNodeToGo() throws {
        let selected = Self.claim("c", selected: "gone")
        let demand = Self.demand([Self.waiting(selected, Self.storageClass(Self.made))])
        let needs = PodNeeds(PlacingTests.pod(), claims: demand)
        var state = PlacingTests.state([Self.node("a")])
        let verdict = state.verdict(on: needs)
        let rejection = try #require(verdict.rejection)
        #expect(rejection.filters == [.volumeBinding])
        for (node, helps) in [("gone", true), ("other", false)] {
            let change = try #require(ClusterChange(node: Self.node(node), nil))
            #expect(change.filters.contains(.volumeBinding))
            #expect(rejection.mayEnd(.volumeBinding, by: change, [:]) == helps, "\(node)")
        }
        #expect(rejection.mayEnd(.volumeBinding, by: .volume(claim: nil), [:]))
    }

    @Test func bothReasonsOfANodeAreTold() {
        var demand = Self.demand([Self.waiting(Self.claim("c"), Self.storageClass(Self.handMade))])
        demand.volumeAffinities = [NodeSelector(["nodeSelectorTerms": []])]
        let placement = PlacingTests.state([Self.node("a")]).place(PlacingTests.pod(), claims: demand)
        let reasons =
            "1 node(s) didn't find available persistent volumes to bind, "
            + "1 node(s) didn't match PersistentVolume's node affinity."
        guard case .unschedulable(let text) = placement else {
            Issue.record("\(placement)")
            return
        }
        #expect(text.hasPrefix("0/1 nodes are available: " + reasons), "\(text)")
    }

    @Test(.timeLimit(.minutes(1)))
    func aVolumeThatCouldNotBeBoundIsGivenToAnotherClaim() async {
        let fixture = SchedulerFixture()
        let volumePath = "PATCH /api/v1/persistentvolumes/x"
        let transport = HeldTransport(holding: [volumePath], refusing: [volumePath])
        await fixture.run(transport) {
            fixture.start(
                nodes: [SchedulerFixture.node("n")], claims: [Self.claim("a"), Self.claim("b")],
                volumes: [Self.volume("x")], classes: [Self.storageClass(Self.handMade)])
            fixture.pods.apply(WatchEvent(kind: .added, object: SchedulerFixture.pod("a", revision: 2, claim: "a")))
            await transport.waitFor(volumePath)
            fixture.pods.apply(WatchEvent(kind: .added, object: SchedulerFixture.pod("b", revision: 3, claim: "b")))
            await transport.waitFor("PATCH /api/v1/namespaces/ns/pods/b/status")
            transport.release(volumePath)
            await transport.waitFor(count: 2, volumePath)
        }
        let asked = transport.requests.filter { $0.hasPrefix(volumePath) }
        #expect(asked.map { $0.contains(#""uid":"c-b""#) } == [false, true])
    }

    /// What was not found may have been the volume: its pod is tried again, and not forgotten.
    @Test(.timeLimit(.minutes(1)))
    func aPodOutlivesAVolumeThatWent() async {
        let fixture = SchedulerFixture()
        let volumePath = "PATCH /api/v1/persistentvolumes/x"
        let transport = HeldTransport(missing: [volumePath])
        // A second passes with each look at it.
        let uptime = Mutex(Duration.zero)
        let clock = ControlClock(
            now: { Timestamp(seconds: 0) },
            uptime: {
                uptime.withLock { uptime in
                    uptime += .seconds(1)
                    return uptime
                }
            }, sleep: { _ in await Task.yield() }, random: { 0 })
        await fixture.run(transport, clock: clock) {
            fixture.start(
                nodes: [SchedulerFixture.node("n")], claims: [Self.claim("a")], volumes: [Self.volume("x")],
                classes: [Self.storageClass(Self.handMade)])
            fixture.pods.apply(WatchEvent(kind: .added, object: SchedulerFixture.pod("a", revision: 2, claim: "a")))
            await transport.waitFor(count: 3, volumePath)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func anExistingVolumeComesBeforeAMadeOne() async {
        let fixture = SchedulerFixture()
        let transport = HeldTransport()
        await fixture.run(transport) {
            fixture.start(
                nodes: [SchedulerFixture.node("n")], claims: [Self.claim("a"), Self.claim("b")],
                volumes: [Self.volume("x")], classes: [Self.storageClass(Self.made)])
            fixture.pods.apply(WatchEvent(kind: .added, object: SchedulerFixture.pod("a", revision: 2, claim: "a")))
            await transport.waitFor("PATCH /api/v1/persistentvolumes/x")
            fixture.pods.apply(WatchEvent(kind: .added, object: SchedulerFixture.pod("b", revision: 3, claim: "b")))
            await transport.waitFor("PATCH /api/v1/namespaces/ns/persistentvolumeclaims/b")
        }
        #expect(transport.requests.count == 2)
        #expect(transport.requests.last?.contains(#""volume.kubernetes.io/selected-node":"n""#) == true)
    }
}

import Kinds
import ObjectModel
import Testing

@testable import Scheduling

/// Which changes are worth another try, by the rule that refused the pod.
@Suite struct RejectionTests {
    static let web = ["app": "web"]

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let filter: FilterName
        let pod: PodView
        let change: ClusterChange?
        let helps: Bool

        init(_ description: String, _ filter: FilterName, _ pod: PodView, _ change: ClusterChange?, _ helps: Bool) {
            testDescription = description
            (self.filter, self.pod, self.change, self.helps) = (filter, pod, change, helps)
        }
    }

    static func node(_ old: NodeView?, _ new: NodeView?) -> ClusterChange? { ClusterChange(node: old, new) }
    static func pod(_ old: PodView?, _ new: PodView?) -> ClusterChange? { ClusterChange(pod: old, new) }

    static let plain = Scene.node("n")
    static let tainted = Scene.node("n", spec: ["taints": [["key": "k", "effect": "NoSchedule"]]])
    static let cordoned = Scene.node("n", spec: ["unschedulable": true])
    static let inA = Scene.node("n", ["zone": "a"])
    static let inB = Scene.node("n", ["zone": "b"])
    static let anyone = Scene.pod("p")
    static let selective = Scene.pod("p", ["nodeSelector": ["zone": "a"]])
    static let big = Scene.pod(
        "p", ["containers": [["name": "c", "resources": ["requests": ["cpu": "6"]]]]])
    static let there = Scene.pod("w", web, on: "n")
    static let other = Scene.pod("x", ["app": "db"], on: "n")

    static let nodeCases: [Case] = [
        Case("uncordoned", .nodeUnschedulable, anyone, node(cordoned, plain), true),
        Case("a cordoned node came", .nodeUnschedulable, anyone, node(nil, cordoned), false),
        Case("a taint is gone", .taintToleration, anyone, node(tainted, plain), true),
        Case("a tainted node came", .taintToleration, anyone, node(nil, tainted), false),
        Case("another label", .taintToleration, anyone, node(inB, inA), false),
        Case("the label came", .nodeAffinity, selective, node(inB, inA), true),
        Case("the wrong label came", .nodeAffinity, selective, node(plain, inB), false),
        Case("a node with the label came", .nodeAffinity, selective, node(nil, inA), true),
        Case("a node came", .nodePorts, anyone, node(nil, plain), true),
        Case("a node large enough came", .nodeResourcesFit, big, node(nil, plain), true),
        Case("a small node came", .nodeResourcesFit, big, node(nil, Scene.node("n", cpu: "1")), false),
        Case("a node grew enough", .nodeResourcesFit, big, node(Scene.node("n", cpu: "5"), plain), true),
        Case(
            "a node grew too little", .nodeResourcesFit, big,
            node(Scene.node("n", cpu: "2"), Scene.node("n", cpu: "3")), false),
        Case("a node shrank", .nodeResourcesFit, big, node(Scene.node("n", cpu: "9"), plain), false),
        Case("a label changed", .nodeResourcesFit, big, node(inA, inB), false),
        Case("a node came into a zone", .podTopologySpread, spread, node(nil, inA), true),
        Case("a node without a zone came", .podTopologySpread, spread, node(nil, plain), false),
        Case("a node of a zone went", .podTopologySpread, spread, node(inA, nil), true),
        Case("a node changed its zone", .podTopologySpread, spread, node(inA, inB), true),
        Case(
            "a node changed something else", .podTopologySpread, spread,
            node(inA, Scene.node("n", ["zone": "a", "x": "y"])), false),
        Case("a node came to be near in", .interPodAffinity, near, node(nil, inA), true),
        Case("a node without the key came", .interPodAffinity, near, node(nil, plain), false),
        Case("a node without the key came for those apart", .interPodAffinity, apart, node(nil, plain), true),
        Case("a node changed its zone", .interPodAffinity, apart, node(inA, inB), true),
        Case("a node was uncordoned", .interPodAffinity, apart, node(cordoned, plain), false),
    ]

    static let spread = Scene.pod("p", web, Scene.spread(web, by: "zone"))
    static let near = Scene.pod("p", Scene.near(Scene.term(web, by: "zone")))
    static let apart = Scene.pod("p", Scene.apart(Scene.term(web, by: "zone")))
    static let port = Scene.pod("p", FilterTests.ports(("TCP", 80, "")))

    static let podCases: [Case] = [
        Case("a pod went", .nodeResourcesFit, big, pod(there, nil), true),
        Case("a pod came", .nodeResourcesFit, big, pod(nil, there), false),
        Case(
            "a pod shrank", .nodeResourcesFit, anyone,
            pod(Scene.pod("b", on: "n", resources("2")), Scene.pod("b", on: "n", resources("1"))), true),
        Case(
            "a pod grew", .nodeResourcesFit, anyone,
            pod(Scene.pod("b", on: "n", resources("1")), Scene.pod("b", on: "n", resources("2"))), false),
        Case(
            "a pod with the port went", .nodePorts, port,
            pod(Scene.pod("b", on: "n", FilterTests.ports(("TCP", 80, "127.0.0.1"))), nil), true),
        Case(
            "a pod with another port went", .nodePorts, port,
            pod(Scene.pod("b", on: "n", FilterTests.ports(("TCP", 81, ""))), nil), false),
        Case("a pod without ports went", .nodePorts, port, pod(there, nil), false),
        Case("one of those counted went", .podTopologySpread, spread, pod(there, nil), true),
        Case("one of those counted came", .podTopologySpread, spread, pod(nil, there), true),
        Case(
            "one of those counted is being deleted", .podTopologySpread, spread,
            pod(there, Scene.pod("w", web, on: "n", isTerminating: true)), true),
        Case("another pod went", .podTopologySpread, spread, pod(other, nil), false),
        Case(
            "a pod of another namespace went", .podTopologySpread, spread,
            pod(Scene.pod("w", web, in: "x", on: "n"), nil), false),
        Case("a wanted pod came", .interPodAffinity, near, pod(nil, there), true),
        Case("another pod came", .interPodAffinity, near, pod(nil, other), false),
        Case("a pod got the wanted label", .interPodAffinity, near, pod(Scene.pod("w", on: "n"), there), true),
        Case("an avoided pod went", .interPodAffinity, apart, pod(there, nil), true),
        Case("an avoided pod lost its label", .interPodAffinity, apart, pod(there, Scene.pod("w", on: "n")), true),
        Case("an avoided pod came", .interPodAffinity, apart, pod(nil, there), false),
        Case("another pod went", .interPodAffinity, apart, pod(other, nil), false),
        Case(
            "a pod that avoids it went", .interPodAffinity, Scene.pod("p", web),
            pod(Scene.pod("l", on: "n", Scene.apart(Scene.term(web, by: "zone"))), nil), true),
        Case("a pod went", .taintToleration, anyone, pod(there, nil), false),
        Case("a pod went", .nodeAffinity, selective, pod(there, nil), false),
    ]

    static func resources(_ cpu: String) -> Value {
        ["containers": [["name": "c", "resources": ["requests": ["cpu": .string(cpu)]]]]]
    }

    static let claimant = Scene.pod(
        "p", ["volumes": [["name": "v", "persistentVolumeClaim": ["claimName": "data"]]]])
    static func key(_ name: String, in namespace: String = "default") -> NamespacedName {
        NamespacedName(namespace: namespace, name: name)
    }
    static let claimCases: [Case] = [
        Case("its claim", .volumeBinding, claimant, .claim(key("data")), true),
        Case("another claim", .volumeBinding, claimant, .claim(key("log")), false),
        Case("a claim of another namespace", .volumeBinding, claimant, .claim(key("data", in: "x")), false),
        Case("a volume for its claim", .volumeBinding, claimant, .volume(claim: key("data")), true),
        Case("a volume for another claim", .volumeBinding, claimant, .volume(claim: key("log")), false),
        Case("a volume for any claim", .volumeBinding, claimant, .volume(claim: nil), true),
        Case("a class", .volumeBinding, claimant, .storageClass, true),
        Case("a claim", .nodeResourcesFit, claimant, .claim(key("data")), false),
    ]

    @Test(arguments: nodeCases + podCases + claimCases) func aChangeHelpsOrNot(_ test: Case) throws {
        let change = try #require(test.change)
        let rejection = Rejection(filters: [test.filter], pod: PodNeeds(test.pod, claims: ClaimDemand()))
        let isAsked = change.filters.contains(test.filter)
        #expect((isAsked && rejection.mayEnd(test.filter, by: change, [:])) == test.helps)
    }

    @Test func whatHelpsNobodyIsNoChange() {
        #expect(ClusterChange(node: Self.plain, Self.plain) == nil)
        #expect(ClusterChange(pod: nil, Scene.pod("p")) == nil)
        #expect(ClusterChange(pod: Self.there, Self.there) == nil)
        #expect(ClusterChange(pod: nil, Scene.pod("p", on: "n")) != nil)
    }
}

@Suite struct RefusedPodsTests {
    private let key = NamespacedName(namespace: "default", name: "p")
    private let rejection = Rejection(
        filters: [.taintToleration], pod: PodNeeds(RejectionTests.anyone, claims: ClaimDemand()))
    private let helpful = RejectionTests.node(RejectionTests.tainted, RejectionTests.plain)

    private func refused(at now: Duration = .zero) -> PendingPods {
        var pending = PendingPods()
        pending.add(key, priority: 0)
        _ = pending.next(now: now)
        pending.refuse(key, rejection)
        return pending
    }

    @Test func onlyAHelpfulChangeWakesARefusedPod() throws {
        var pending = refused()
        pending.reconsider(.storageClass, namespaces: [:])
        #expect(pending.next(now: .zero) == nil)
        pending.reconsider(try #require(helpful), namespaces: [:])
        #expect(pending.next(now: .zero) == key)
    }

    @Test func anyChangeWakesAPodThatIsBeingDecidedAbout() {
        var pending = PendingPods()
        pending.add(key, priority: 0)
        _ = pending.next(now: .zero)
        pending.reconsider(.storageClass, namespaces: [:])
        pending.refuse(key, rejection)
        #expect(pending.next(now: .zero) == key)
    }

    @Test func aPodThatHasANodeIsLeftAlone() throws {
        var pending = PendingPods()
        pending.add(key, priority: 0)
        _ = pending.next(now: .zero)
        pending.settle(key)
        pending.reconsider(try #require(helpful), namespaces: [:])
        pending.reconsiderAll()
        #expect(pending.next(now: .zero) == nil)
        pending.retry(key, now: .zero)
        #expect(pending.next(now: .seconds(1)) == key)
    }

    @Test func aRefusedPodThatIsWorkedOnIsHandedOutAfterwardsIfAChangeHelps() throws {
        let cases: [(ClusterChange, NamespacedName?)] = [(try #require(helpful), key), (.storageClass, nil)]
        for (change, expected) in cases {
            var pending = refused()
            pending.begin(key, uid: "1")
            pending.reconsider(change, namespaces: [:])
            #expect(pending.next(now: .zero) == nil)
            pending.finish(key, uid: "1")
            #expect(pending.next(now: .zero) == expected)
        }
    }

    @Test func aRefusedPodIsLookedAtAfterFiveMinutesWhateverHappens() {
        var pending = refused()
        #expect(pending.nextDue == .seconds(300))
        #expect(pending.next(now: .seconds(299)) == nil)
        #expect(pending.next(now: .seconds(300)) == key)
        #expect(pending.nextDue == nil)
    }

    @Test func aPodThatIsRefusedAgainAndAgainWaitsLonger() throws {
        var pending = PendingPods()
        pending.add(key, priority: 0)
        for _ in 0..<10 {
            #expect(pending.next(now: .zero) == key)
            pending.refuse(key, rejection)
            pending.reconsider(try #require(helpful), namespaces: [:])
        }
        #expect(pending.next(now: .zero) == key)
        pending.refuse(key, rejection)
        pending.reconsider(try #require(helpful), namespaces: [:])
        #expect(pending.next(now: .milliseconds(999)) == nil)
        #expect(pending.next(now: .seconds(1)) == key)
    }
}

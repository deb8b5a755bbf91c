import APIProtocol
import ControllerRuntime
import Logging
import ObjectModel
import Synchronization
import Testing

@Suite struct LeaderElectionTests {
    private static let key = NamespacedName(namespace: "kube-system", name: "controllers")
    private static let now = Timestamp(seconds: 1_800_000_000)

    private func participant(_ name: String) -> LeaderElection { LeaderElection(name, lease: Self.key) }

    private func lease(_ holder: String, version: Int, seconds: Int64 = 15, transitions: Int64 = 3) -> Value {
        [
            "metadata": ["name": "controllers", "namespace": "kube-system", "resourceVersion": .string("\(version)")],
            "spec": [
                "holderIdentity": .string(holder), "leaseDurationSeconds": .integer(seconds),
                "acquireTime": "2026-01-01T00:00:00.000000Z", "renewTime": "2026-01-01T00:00:00.000000Z",
                "leaseTransitions": .integer(transitions),
            ],
        ]
    }

    private func update(_ claim: LeaderElection.Claim?) -> Value? {
        if case .update(let lease) = claim { lease } else { nil }
    }

    @Test func theFirstCreatesTheLease() {
        var election = participant("a")
        guard case .create(let lease) = election.claim(on: nil, now: Self.now, uptime: .zero) else {
            Issue.record("nothing is created")
            return
        }
        #expect(lease.namespacedName == Self.key)
        #expect(
            lease["spec"] == [
                "acquireTime": .string(Self.now.microText), "leaseTransitions": 0, "holderIdentity": "a",
                "leaseDurationSeconds": 15, "renewTime": .string(Self.now.microText),
            ])
        #expect(!election.isLeading(at: .zero))
        election.succeeded(lease, begun: .seconds(1))
        #expect(election.isLeading(at: .seconds(10)))
        #expect(!election.isLeading(at: .seconds(11)))
    }

    @Test func whoRenewsWritesWithoutReadingAndKeepsItsTime() throws {
        var election = participant("a")
        election.succeeded(lease("a", version: 7), begun: .zero)
        let renewal = try #require(election.renewal(now: Self.now, uptime: .seconds(9)))
        #expect(renewal.revision == Revision(7))
        #expect(renewal["spec", "acquireTime"] == "2026-01-01T00:00:00.000000Z")
        #expect(renewal["spec", "renewTime"] == .string(Self.now.microText))
        #expect(renewal["spec", "leaseTransitions"] == 3)
        #expect(election.renewal(now: Self.now, uptime: .seconds(10)) == nil)
        election.failed()
        #expect(election.renewal(now: Self.now, uptime: .seconds(9)) == nil)
        // It leads on for its time: the lease is still its own.
        #expect(election.isLeading(at: .seconds(9)))
    }

    @Test func othersWaitForTheWholeDurationAfterWhatTheySaw() throws {
        var election = participant("b")
        #expect(election.claim(on: lease("a", version: 7), now: Self.now, uptime: .seconds(100)) == nil)
        #expect(election.claim(on: lease("a", version: 7), now: Self.now, uptime: .seconds(114)) == nil)
        // A renewal: it waits anew, whatever the times in the lease say.
        #expect(election.claim(on: lease("a", version: 8), now: Self.now, uptime: .seconds(114)) == nil)
        #expect(election.claim(on: lease("a", version: 8), now: Self.now, uptime: .seconds(128)) == nil)
        let claim = election.claim(on: lease("a", version: 8), now: Self.now, uptime: .seconds(129))
        let taken = try #require(update(claim))
        #expect(taken.revision == Revision(8))
        #expect(taken["spec", "holderIdentity"] == "b")
        #expect(taken["spec", "leaseTransitions"] == 4)
        #expect(taken["spec", "acquireTime"] == .string(Self.now.microText))
    }

    @Test(arguments: [("", 15), ("b", 15), ("a", 0), ("a", -5)] as [(String, Int64)])
    func whatNobodyHoldsAndWhatIsOnesOwnIsTakenAtOnce(_ holder: String, _ seconds: Int64) {
        var election = participant("b")
        let found = lease(holder, version: 7, seconds: seconds)
        #expect(update(election.claim(on: found, now: Self.now, uptime: .zero)) != nil)
    }

    @Test(.timeLimit(.minutes(1)))
    func theBodyEndsWithTheLead() async {
        // The lease is created, and then every renewal fails.
        let transport = ScriptedTransport([
            .status(.notFound(GroupResource(group: "coordination.k8s.io", resource: "leases"), name: "controllers")),
            .object(lease("a", version: 1)),
        ])
        let uptime = Mutex(Duration.zero)
        let clock = ControlClock(
            now: { Self.now }, uptime: { uptime.withLock { $0 } },
            sleep: { pause in
                try Task.checkCancellation()
                uptime.withLock { $0 += pause }
                await Task.yield()
            }, random: { 0 })
        let elector = LeaderElector(
            participant("a"), client: APIClient(transport), clock: clock,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let wasLeading = Mutex(false)
        await elector.lead {
            wasLeading.withLock { $0 = elector.isLeading }
            await Signal().wait()
        }
        #expect(wasLeading.withLock { $0 })
        #expect(!elector.isLeading)
        #expect(uptime.withLock { $0 } >= .seconds(10))
        #expect(
            transport.requests.prefix(2) == [
                "GET /apis/coordination.k8s.io/v1/namespaces/kube-system/leases/controllers",
                "POST /apis/coordination.k8s.io/v1/namespaces/kube-system/leases",
            ])
    }

    @Test func whoDoesNotLeadReadsButWritesNothing() async throws {
        let transport = ScriptedTransport([.object([:]), .object([:])])
        let leads = Mutex(true)
        let fenced = FencedTransport(transport) { leads.withLock { $0 } }
        _ = try await fenced.send(APIRequest(.post, "/a"))
        leads.withLock { $0 = false }
        _ = try await fenced.send(APIRequest(.get, "/b"))
        for method in [HTTPMethod.post, .put, .patch, .delete] {
            await #expect(throws: TransportError.self) { try await fenced.send(APIRequest(method, "/c")) }
        }
        #expect(transport.requests == ["POST /a", "GET /b"])
    }
}

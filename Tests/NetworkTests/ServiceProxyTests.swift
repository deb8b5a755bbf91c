import APIProtocol
import ControllerRuntime
import Kinds
import Logging
import ObjectModel
import PodNetworking
import ServiceProxy
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct ServiceProxyTests {
    /// Tells what is applied, and refuses as often as it is told to.
    private final class RecordingApplier: RulesetApplier {
        let applied: AsyncStream<String>
        private let output: AsyncStream<String>.Continuation
        private let refusals: Mutex<Int>

        init(refusing refusals: Int = 0) {
            (applied, output) = AsyncStream.makeStream()
            self.refusals = Mutex(refusals)
        }

        func apply(_ ruleset: String) async throws(NetworkError) {
            let refuses = refusals.withLock { left in
                defer { left = max(0, left - 1) }
                return left > 0
            }
            if refuses { throw .unusableSettings("refused") }
            output.yield(ruleset)
        }
    }

    /// Time that passes as soon as somebody waits for it.
    private static let clock = ControlClock(
        now: { Timestamp(seconds: 0) }, uptime: { .zero }, sleep: { _ in await Task.yield() }, random: { 0 })

    private let services = ObjectCache<ServiceView>()
    private let slices = ObjectCache<EndpointSliceView>()

    private func service(_ name: String, _ address: String) -> Value {
        [
            "metadata": ["name": .string(name), "namespace": "default", "uid": .string(name), "resourceVersion": "2"],
            "spec": ["clusterIP": .string(address), "ports": [["port": 80]]],
        ]
    }

    private func slice(_ address: String, revision: String = "3") -> Value {
        [
            "metadata": [
                "name": "web-x", "namespace": "default", "uid": "x", "resourceVersion": .string(revision),
                "labels": ["kubernetes.io/service-name": "web"],
            ],
            "addressType": "IPv4", "ports": [["port": 8080]], "endpoints": [["addresses": [.string(address)]]],
        ]
    }

    private func withProxy(
        _ applier: RecordingApplier, _ body: (inout AsyncStream<String>.Iterator) async throws -> Void
    ) async rethrows {
        let proxy = ServiceProxy(
            node: ServiceProxyRulesetTests.node, services: services, slices: slices, applier: applier,
            clock: Self.clock, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        var applied = applier.applied.makeAsyncIterator()
        async let _: Void = proxy.run()
        services.replace([service("web", "10.96.0.20")], at: Revision(3))
        slices.replace([slice("10.244.0.5")], at: Revision(3))
        try await body(&applied)
    }

    @Test func changesOfSlicesReachTheRules() async throws {
        let applier = RecordingApplier()
        try await withProxy(applier) { applied in
            let first = try #require(await applied.next())
            #expect(first.contains("dnat to 10.244.0.5:8080"))
            slices.apply(WatchEvent(kind: .modified, object: slice("10.244.0.6", revision: "4")))
            let second = try #require(await applied.next())
            #expect(second.contains("dnat to 10.244.0.6:8080") && !second.contains("10.244.0.5"))
        }
    }

    @Test func rulesThatStayTheSameAreNotApplied() async throws {
        let applier = RecordingApplier()
        try await withProxy(applier) { applied in
            let first = await applied.next()
            slices.apply(WatchEvent(kind: .modified, object: slice("10.244.0.5", revision: "4")))
            slices.apply(WatchEvent(kind: .modified, object: slice("10.244.0.7", revision: "5")))
            let second = try #require(await applied.next())
            #expect(second != first && second.contains("10.244.0.7"))
        }
    }

    @Test func refusedRulesAreTriedAgain() async throws {
        let applier = RecordingApplier(refusing: 3)
        try await withProxy(applier) { applied in
            let rules = try #require(await applied.next())
            #expect(rules.contains("dnat to 10.244.0.5:8080"))
        }
    }
}

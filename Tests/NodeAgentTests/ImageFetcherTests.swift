import APIProtocol
import ControllerRuntime
import NodeInterfaces
import ObjectModel
import SimulatedRuntime
import Testing

@testable import NodeAgent

@Suite(.timeLimit(.minutes(1))) struct ImageFetcherTests {
    /// A runtime with or without the image, whose registry answers or not.
    private struct Registry: ContainerRuntime {
        var isPresent: Bool
        var answers: Bool
        var failure = RuntimeError.unavailable("no such host")

        private static let image = ImageStatus(id: "sha256:1", names: ["nginx:1"], size: 5)

        func image(_ reference: String) async throws(RuntimeError) -> ImageStatus? {
            if isPresent { return Self.image }
            return nil
        }
        func pull(_ reference: String) async throws(RuntimeError) -> ImageStatus {
            guard answers else { throw failure }
            return Self.image
        }

        func version() async throws(RuntimeError) -> String { "" }
        func pods() async throws(RuntimeError) -> [String: RuntimePod] { [:] }
        func pod(uid: String) async throws(RuntimeError) -> RuntimePod { RuntimePod() }
        func images() async throws(RuntimeError) -> [ImageStatus] { [] }
        func sandbox(_ id: String) async throws(RuntimeError) -> SandboxStatus? { nil }
        func container(
            _ id: String, in sandbox: SandboxStatus
        ) async throws(RuntimeError) -> ContainerState? { nil }
        func runSandbox(_ config: SandboxConfig) async throws(RuntimeError) -> String { "" }
        func stopSandbox(_ id: String) async throws(RuntimeError) {}
        func removeSandbox(_ id: String) async throws(RuntimeError) {}
        func createContainer(
            _ config: ContainerConfig, sandbox id: String, sandboxConfig: SandboxConfig
        ) async throws(RuntimeError) -> String { "" }
        func startContainer(_ id: String) async throws(RuntimeError) {}
        func stopContainer(_ id: String, grace: Duration) async throws(RuntimeError) {}
        func removeContainer(_ id: String) async throws(RuntimeError) {}
        func execSync(
            _ containerID: String, command: [String], timeout: Duration
        ) async throws(RuntimeError) -> CommandResult { throw .failed("") }
        func exec(
            _ containerID: String, _ request: ExecRequest
        ) async throws(RuntimeError) -> any ExecSession { throw .failed("") }
        func reopenLog(_ id: String) async throws(RuntimeError) {}
        func attach(
            _ containerID: String, _ request: AttachRequest, tty: Bool
        ) async throws(RuntimeError) -> any ExecSession { throw .failed("") }
        func portForward(
            _ sandboxID: String, port: Int
        ) async throws(RuntimeError) -> any ForwardedConnection { throw .failed("") }
        func events() async throws(RuntimeError) -> AsyncStream<RuntimeEvent> { AsyncStream { $0.finish() } }
    }

    private static func clock() -> ControlClock {
        let clock = ManualClock()
        return ControlClock(
            now: { clock.now }, uptime: { clock.now - ManualClock.start }, sleep: { try await clock.pass($0) },
            random: { 0 })
    }

    struct Case: Sendable {
        var policy: String
        var isPresent: Bool
        var answers: Bool
        var outcome: String
    }

    @Test(arguments: [
        Case(policy: "Never", isPresent: true, answers: true, outcome: "present"),
        Case(policy: "Never", isPresent: false, answers: true, outcome: "ErrImageNeverPull"),
        Case(policy: "IfNotPresent", isPresent: true, answers: true, outcome: "present"),
        Case(policy: "IfNotPresent", isPresent: false, answers: true, outcome: "pulled"),
        Case(policy: "IfNotPresent", isPresent: false, answers: false, outcome: "ErrImagePull"),
        Case(policy: "Always", isPresent: true, answers: true, outcome: "pulled"),
        Case(policy: "Always", isPresent: false, answers: false, outcome: "ErrImagePull"),
        Case(policy: "Always", isPresent: true, answers: false, outcome: "local: no such host"),
    ]) func followsThePolicy(_ test: Case) async {
        let fetcher = ImageFetcher(
            runtime: Registry(isPresent: test.isPresent, answers: test.answers), clock: Self.clock())
        let outcome: String
        do throws(ImageFetcher.Failure) {
            switch try await fetcher.image("nginx:1", policy: test.policy, pulling: {}).1 {
            case .present: outcome = "present"
            case .pulled: outcome = "pulled"
            case .presentWithoutRegistry(let why): outcome = "local: \(why)"
            }
        } catch {
            outcome = error.reason
        }
        #expect(outcome == test.outcome)
    }

    @Test(arguments: [
        RuntimeError.failed("unexpected status from HEAD request to https://r/v2/x/manifests/1: 401 Unauthorized"),
        .failed("403 Forbidden"), .failed("pull access denied, repository does not exist"),
        .failed("docker.io/library/nginx:1: not found"), .notFound("nginx:1"),
    ]) func aRefusalIsObeyedThoughTheImageIsPresent(_ refusal: RuntimeError) async {
        #expect(!ImageFetcher.isUnreachable(refusal))
        let fetcher = ImageFetcher(
            runtime: Registry(isPresent: true, answers: false, failure: refusal), clock: Self.clock())
        // The second time too: a registry that refuses is not taken for silent.
        for _ in 0..<2 {
            await #expect(throws: ImageFetcher.Failure.self) {
                _ = try await fetcher.image("nginx:1", policy: "Always", pulling: {})
            }
        }
    }

    @Test(arguments: [
        RuntimeError.failed("dial tcp: lookup registry.example: no such host"),
        .failed("dial tcp 10.0.0.1:443: connect: connection refused"), .failed("read tcp: i/o timeout"),
        .failed("connect: network is unreachable"), .timedOut("x"), .unavailable("x"),
    ]) func aRegistryThatDoesNotAnswerIsUnreachable(_ failure: RuntimeError) {
        #expect(ImageFetcher.isUnreachable(failure))
    }

    @Test(arguments: [
        ("nginx", "docker.io"), ("library/nginx", "docker.io"), ("quay.io/coreos/etcd:v3", "quay.io"),
        ("localhost/pause:1", "localhost"), ("10.0.0.1:5000/x", "10.0.0.1:5000"),
    ]) func knowsTheRegistry(_ reference: String, _ registry: String) {
        #expect(ImageFetcher.registry(of: reference) == registry)
    }
}

import NodeInterfaces
import ObjectModel
import SimulatedRuntime
import Testing

@Suite struct SimulatedNodeTests {
    let now = Timestamp(seconds: 1000)

    private func config(_ name: String) -> SandboxConfig {
        SandboxConfig(
            pod: PodIdentity(name: NamespacedName(namespace: "default", name: name), uid: "uid-\(name)"), attempt: 0,
            hostname: name, logDirectory: "/nowhere")
    }

    private func node(_ range: String) throws -> SimulatedNode {
        SimulatedNode(range: try #require(IPv4Range(range)))
    }

    @Test func containersRunUntilTheyAreStopped() throws {
        var node = try node("10.244.0.0/24")
        let sandbox = try node.runSandbox(config("web-0"), hostAddress: "127.0.0.1", at: now)
        let container = try node.createContainer(
            ContainerConfig(pod: config("web-0").pod, name: "c", attempt: 0, image: "nginx", logPath: "c/0.log"),
            sandbox: sandbox, at: now)
        #expect(!node.isRunning(container))
        try node.startContainer(container, at: now)
        #expect(node.isRunning(container))
        node.stopContainer(container, at: now + .seconds(1))
        #expect(
            node.pod(uid: "uid-web-0").containers.first?.phase
                == .exited(code: 0, reason: "Completed", message: "", startedAt: now, finishedAt: now + .seconds(1)))
        node.removeSandbox(sandbox, at: now)
        #expect(node.pods.isEmpty)
    }

    @Test func addressesAreUniqueAndComeBack() throws {
        var node = try node("10.244.0.0/29")
        var sandboxes: [String] = []
        for number in 0..<5 {
            sandboxes.append(try node.runSandbox(config("p\(number)"), hostAddress: "127.0.0.1", at: now))
        }
        let addresses = node.pods.values.flatMap { $0.sandboxes.flatMap(\.addresses) }
        #expect(Set(addresses).count == 5)
        #expect(!addresses.contains("10.244.0.1"))
        #expect(throws: RuntimeError.self) {
            try node.runSandbox(config("one-too-many"), hostAddress: "127.0.0.1", at: now)
        }
        node.stopSandbox(sandboxes[2], at: now)
        _ = try node.runSandbox(config("next"), hostAddress: "127.0.0.1", at: now)
    }

    @Test func eventsNameThePod() async throws {
        let runtime = SimulatedRuntime(
            range: try #require(IPv4Range("10.244.0.0/24")), hostAddress: "127.0.0.1", now: { Timestamp(seconds: 1) })
        var events = try await runtime.events().makeAsyncIterator()
        _ = try await runtime.runSandbox(config("web-0"))
        #expect(await events.next() == RuntimeEvent(podUID: "uid-web-0"))
    }
}

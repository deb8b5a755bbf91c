import APIProtocol
import GRPCCore
import ObjectModel
import Testing

@testable import CRIRuntime

@Suite(.serialized, .enabled(if: PrivateContainerd.isPossible, PrivateContainerd.reason), .timeLimit(.minutes(1)))
struct ContainerdExecSessionTests {
    @Test func aSessionThatIsClosedEarlyLeavesNothingInContainerd() async throws {
        try await PrivateContainerd.with { containerd in
            let (_, container, _) = try await containerd.runPod(script: "while :; do sleep 1; done")
            let name = NamespacedName(namespace: "default", name: "web-0")
            let request = ExecRequest(pod: name, podUID: "uid-web-0", container: "main", command: ["sleep", "4243"])
            let session = try #require(await containerd.runtime.exec(container, request) as? ContainerdExecSession)
            await session.close()
            var wait = Containerd_Services_Tasks_V1_WaitRequest()
            wait.containerID = container
            wait.execID = session.execID
            let question = wait
            let error = await #expect(throws: RPCError.self) {
                try await containerd.runtime.connection.tasks.wait(
                    question, metadata: ContainerdConnection.metadata, options: ContainerdConnection.options(.readCall))
            }
            #expect(error?.code == .notFound)
        }
    }
}

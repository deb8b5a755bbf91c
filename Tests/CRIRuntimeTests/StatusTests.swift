import NodeInterfaces
import ObjectModel
import Testing

@testable import CRIRuntime

@Suite struct StatusTests {
    private func phase(_ change: (inout Runtime_V1_ContainerStatus) -> Void) -> ContainerState.Phase {
        var status = Runtime_V1_ContainerStatus()
        status.state = .containerExited
        status.finishedAt = 7_000_000_000
        change(&status)
        return status.containerState(sandbox: "s", podUID: "u").phase
    }

    /// A crash of the node in the middle of a start leaves it so; to count it would be a restart that nobody saw.
    @Test func whatEndedBeforeItsStartWasOnlyMade() {
        #expect(phase { $0.reason = "Completed" } == .created)
        #expect(
            phase {
                $0.reason = "Error"
                $0.exitCode = 137
            } == .created)
        let interrupted = [
            "failed to create containerd task: failed to start shim: start failed: : signal: killed: unknown",
            "failed to start containerd task \"x\": context canceled: unknown", "context canceled",
        ]
        for message in interrupted {
            #expect(
                phase {
                    $0.exitCode = 128
                    $0.reason = "StartError"
                    $0.message = message
                } == .created)
        }
    }

    @Test func whatRanOrCouldNotRunHasEnded() {
        let ran = phase {
            $0.startedAt = 5_000_000_000
            $0.reason = "Completed"
        }
        #expect(
            ran
                == .exited(
                    code: 0, reason: "Completed", message: "", startedAt: Timestamp(seconds: 5),
                    finishedAt: Timestamp(seconds: 7)))
        let refused = phase {
            $0.exitCode = 128
            $0.reason = "StartError"
            $0.message = "no such file"
        }
        #expect(
            refused
                == .exited(
                    code: 128, reason: "StartError", message: "no such file", startedAt: Timestamp(seconds: 0),
                    finishedAt: Timestamp(seconds: 7)))
    }
}

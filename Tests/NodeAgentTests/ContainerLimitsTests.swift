import Kinds
import NodeInterfaces
import ObjectModel
import Testing

@testable import NodeAgent

@Suite struct ContainerLimitsTests {
    @Test(arguments: [
        ("500m", "512Mi", 512, 50_000, 536_870_912), ("1m", "1", 2, 1000, 1),
        ("9223372036854775807", "9223372036854775807500m", 262_144, Int64.max, Int64.max),
    ])
    func amountsBecomeWhatTheKernelTakes(
        _ cpu: String, _ memory: String, _ shares: Int64, _ quota: Int64, _ bytes: Int64
    ) {
        let amounts: Value = ["cpu": .string(cpu), "memory": .string(memory)]
        let pod = PodView([
            "spec": ["containers": [["name": "a", "resources": ["limits": amounts, "requests": amounts]]]]
        ])
        let limits = ContainerLimits.of(pod.spec.containers[0], pod: pod.spec, memoryCapacity: 0)
        #expect(limits.cpuShares == shares)
        #expect(limits.cpuQuotaMicroseconds == quota)
        #expect(limits.memoryBytes == bytes)
        #expect(ContainerLimits.ofPod(pod.spec).cpuQuotaMicroseconds == quota)
    }

    @Test func aRequestBeyondTheNodeGetsTheLowestScore() {
        let pod = PodView([
            "spec": ["containers": [["name": "a", "resources": ["requests": ["memory": "9223372036854775807"]]]]]
        ])
        let limits = ContainerLimits.of(pod.spec.containers[0], pod: pod.spec, memoryCapacity: 0)
        #expect(limits.oomScoreAdjust == 3)
    }

    @Test(arguments: [(Int64.max, Duration.seconds(3_153_600_000)), (-5, .zero), (30, .seconds(30))])
    func gracePeriodsAreBounded(_ seconds: Int64, _ expected: Duration) {
        let pod = AgentPod(["spec": ["terminationGracePeriodSeconds": .integer(seconds)]])
        #expect(pod.gracePeriod == expected)
    }
}

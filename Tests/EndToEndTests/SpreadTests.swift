import Foundation
import ObjectModel
import Testing

/// Row "spread" of the acceptance table, with kubectl against simulated nodes.
@Suite(.serialized, .enabled(if: Machine.kubectl != nil, "kubectl is not installed"))
struct SpreadTests {
    private func withCluster(_ name: String, port: Int, nodes: Int, _ body: (TestCluster) throws -> Void) throws {
        let cluster = try TestCluster(name, port: port, arguments: ["--runtime", "simulated", "--nodes", "\(nodes)"])
        defer { cluster.remove() }
        try body(cluster)
    }

    private func applyTheSet(_ cluster: TestCluster) throws {
        let storageClass = """
            apiVersion: storage.k8s.io/v1
            kind: StorageClass
            metadata: {name: ssd}
            provisioner: ordinal.dev/local
            volumeBindingMode: Immediate
            """
        try cluster.kubectl("apply", "-f", "-", input: storageClass)
        try cluster.kubectl("apply", "-f", Machine.manifest("one-per-node"))
    }

    /// The node of each pod; "" without one.
    private func placements(_ cluster: TestCluster) throws -> [String: String] {
        let text = try cluster.kubectl(
            "get", "pods", "-l", "app=ledger", "-o",
            #"jsonpath={range .items[*]}{.metadata.name}={.spec.nodeName}{"\n"}{end}"#)
        let pairs = text.split(separator: "\n").map { line in
            line.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        }
        return Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], $0[1]) })
    }

    @Test func oneReplicaRunsOnEachNodeAndTheNextWaits() throws {
        try withCluster("spread3", port: 17451, nodes: 3) { cluster in
            try applyTheSet(cluster)
            try cluster.waitForRollout("ledger")
            #expect(Set(try placements(cluster).values).count == 3)

            try cluster.kubectl("scale", "statefulset", "ledger", "--replicas=4")
            try cluster.waitUntil("ledger-3 is refused") {
                try cluster.kubectl("describe", "pod", "ledger-3").contains("FailedScheduling")
            }
            #expect(try placements(cluster)["ledger-3"] == "")
            // A pod that goes makes room: the change wakes the one that waits.
            let node = try placements(cluster)["ledger-0"] ?? ""
            try cluster.kubectl("cordon", node)
            // Not waited for: the next pod of that name may be there before kubectl looks (README, limits).
            try cluster.kubectl("delete", "pod", "ledger-0", "--wait=false")
            try cluster.waitUntil("ledger-0 waits") { try placements(cluster)["ledger-0"] == "" }
            try cluster.kubectl("uncordon", node)
            try cluster.waitUntil("one of both has the node") { try placements(cluster).values.contains(node) }
            #expect(Set(try placements(cluster).values.filter { !$0.isEmpty }).count == 3)
        }
    }

    @Test func onOneNodeTheSecondReplicaIsPendingAndAnEventSaysWhy() throws {
        try withCluster("spread1", port: 17452, nodes: 1) { cluster in
            try applyTheSet(cluster)
            try cluster.waitUntil("ledger-1 is refused") {
                let outcome = try cluster.tryKubectl(["describe", "pod", "ledger-1"])
                return outcome.output.contains("FailedScheduling")
            }
            let message =
                "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules. preemption: 0/1 nodes are "
                + "available: 1 No preemption victims found for incoming pod."
            #expect(try cluster.kubectl("describe", "pod", "ledger-1").contains(message))
            let row = try cluster.kubectl("get", "pod", "ledger-1", "--no-headers")
            #expect(row.contains("0/1") && row.contains("Pending"))
            #expect(
                try cluster.kubectl(
                    "get", "events", "--field-selector", "involvedObject.name=ledger-1,reason=FailedScheduling", "-o",
                    "jsonpath={.items[*].type}"
                ).hasPrefix("Warning"))
            #expect(
                try cluster.kubectl(
                    "get", "pod", "ledger-1", "-o",
                    #"jsonpath={.status.conditions[?(@.type=="PodScheduled")].message}"#) == message)
            #expect(try placements(cluster)["ledger-2"] == nil)
        }
    }
}

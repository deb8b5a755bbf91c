import Foundation
import ObjectModel
import Testing

/// What a StatefulSet does beyond the everyday, with kubectl on simulated nodes.
@Suite(.serialized, .enabled(if: Machine.kubectl != nil, "kubectl is not installed"))
struct RolloutTests {
    private func withCluster(_ name: String, port: Int, _ body: (TestCluster) throws -> Void) throws {
        let cluster = try TestCluster(name, port: port, arguments: ["--runtime", "simulated", "--nodes", "2"])
        defer { cluster.remove() }
        try body(cluster)
    }

    private func manifest(_ spec: String, template: String = "") -> String {
        """
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: web}
        spec:
          serviceName: web
          selector: {matchLabels: {app: web}}
          \(spec)
          template:
            metadata: {labels: {app: web}}
            spec:
              terminationGracePeriodSeconds: 1
              \(template)
              containers: [{name: nginx, image: "nginx:1.25.4"}]
        """
    }

    private func apply(_ cluster: TestCluster, _ manifest: String) throws {
        try cluster.kubectl("apply", "-f", "-", input: manifest)
    }

    /// Of each pod its image and its uid, in order.
    private func pods(_ cluster: TestCluster) throws -> [(image: String, uid: String)] {
        let list = try cluster.json("get", "pods", "-l", "app=web")["items"]?.array ?? []
        return list.filter { !$0.isBeingDeleted }.map {
            ($0["spec", "containers"]?.array?.first?["image"]?.string ?? "", $0.uid)
        }
    }

    /// Deletes a pod and waits until another is ready in its place. kubectl itself does not wait: on simulated nodes the
    /// new pod may be there before it looks, and it would wait for that one to go.
    private func replace(_ cluster: TestCluster, _ pod: String) throws {
        let former = try cluster.json("get", "pod", pod).uid
        try cluster.kubectl("delete", "pod", pod, "--wait=false")
        try cluster.waitUntil("\(pod) is back") {
            let found = try cluster.tryKubectl(["get", "pod", pod, "-o", "jsonpath={.metadata.uid}"])
            return try found.code == 0 && found.output != former && cluster.kubectl("get", "sts", "web").contains("3/3")
        }
    }

    private func setImage(_ cluster: TestCluster, _ image: String) throws {
        try cluster.kubectl("set", "image", "statefulset/web", "nginx=\(image)")
    }

    @Test(arguments: ["OrderedReady", "Parallel"])
    func aStuckRolloutIsFreedByGoingBack(_ policy: String) throws {
        try withCluster("stuck-\(policy)", port: 17451) { cluster in
            try apply(cluster, manifest("replicas: 3\n  podManagementPolicy: \(policy)"))
            try cluster.waitForRollout("web")
            let before = try pods(cluster)
            // No node has that label, so the new web-2 never runs.
            let nowhere = #"{"spec":{"template":{"spec":{"nodeSelector":{"disk":"none"}}}}}"#
            try cluster.kubectl("patch", "statefulset", "web", "-p", nowhere)
            try cluster.waitUntil("web-2 is Pending") {
                try cluster.kubectl("get", "pod", "web-2", "--ignore-not-found", "-o", "jsonpath={.spec.nodeSelector}")
                    .contains("none")
            }
            try cluster.kubectl("rollout", "undo", "statefulset/web")
            try cluster.waitForRollout("web")
            let after = try pods(cluster)
            #expect(after.map(\.uid).prefix(2) == before.map(\.uid).prefix(2))
            #expect(after.count == 3 && after[2].uid != before[2].uid)
            #expect(try cluster.kubectl("get", "sts", "web").contains("3/3"))
        }
    }

    @Test func historyShowsItsCauses() throws {
        try withCluster("causes", port: 17452) { cluster in
            try apply(cluster, manifest("replicas: 1"))
            try cluster.waitForRollout("web")
            func tell(_ cause: String) throws {
                try cluster.kubectl("annotate", "sts/web", "--overwrite", "kubernetes.io/change-cause=\(cause)")
                try cluster.waitUntil("\(cause) is shown") {
                    try cluster.kubectl("rollout", "history", "statefulset/web").contains(cause)
                }
            }
            try tell("first version")
            try setImage(cluster, "nginx:1.26.1")
            try cluster.waitForRollout("web")
            try tell("a newer nginx")
            let history = try cluster.kubectl("rollout", "history", "statefulset/web")
            let lines = history.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
            #expect(lines.suffix(2) == ["1 first version", "2 a newer nginx"], "\(history)")
        }
    }

    @Test func parallelOnDeleteAndPartitionAreKept() throws {
        try withCluster("policies", port: 17453) { cluster in
            let watch = try PodWatch(cluster, selector: "app=web")
            try apply(
                cluster,
                manifest("replicas: 3\n  podManagementPolicy: Parallel\n  updateStrategy: {type: OnDelete}"))
            try cluster.waitUntil("3 pods are ready") { try cluster.kubectl("get", "sts", "web").contains("3/3") }
            #expect(!OrderRules.createdInOrder(watch.finish(), set: "web", count: 3).isEmpty)

            try setImage(cluster, "nginx:1.26.1")
            try cluster.waitUntil("the update is observed") {
                let set = try cluster.json("get", "sts", "web")
                return set["status", "updateRevision"] != set["status", "currentRevision"]
            }
            try replace(cluster, "web-1")
            #expect(try pods(cluster).map(\.image) == ["nginx:1.25.4", "nginx:1.26.1", "nginx:1.25.4"])

            let partition = #"{"spec":{"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":2}}}}"#
            try cluster.kubectl("patch", "sts", "web", "-p", partition)
            try cluster.waitUntil("web-2 follows") { try pods(cluster).map(\.image).last == "nginx:1.26.1" }
            try replace(cluster, "web-0")
            #expect(try pods(cluster).map(\.image) == ["nginx:1.25.4", "nginx:1.26.1", "nginx:1.26.1"])
        }
    }

    @Test func claimsFollowTheRetentionPolicy() throws {
        try withCluster("retention", port: 17454) { cluster in
            let claims = """
                volumeClaimTemplates:
                  - metadata: {name: data}
                    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
                """
            try apply(
                cluster,
                manifest(
                    "replicas: 3\n  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete, whenDeleted: Delete}\n  "
                        + claims))
            try cluster.waitForRollout("web")
            func names() throws -> [String] {
                try cluster.kubectl("get", "pvc", "-o", "jsonpath={.items[*].metadata.name}").split(separator: " ")
                    .map(String.init)
            }
            #expect(try names() == ["data-web-0", "data-web-1", "data-web-2"])
            try cluster.kubectl("scale", "sts", "web", "--replicas=1")
            try cluster.waitUntil("the claims of pods too many are gone") { try names() == ["data-web-0"] }
            try cluster.kubectl("scale", "sts", "web", "--replicas=2")
            try cluster.waitForRollout("web")
            #expect(try names() == ["data-web-0", "data-web-1"])
            let retain = #"{"spec":{"persistentVolumeClaimRetentionPolicy":{"whenScaled":"Retain"}}}"#
            try cluster.kubectl("patch", "sts", "web", "-p", retain)
            try cluster.kubectl("scale", "sts", "web", "--replicas=1")
            try cluster.waitUntil("web-1 is gone") { try pods(cluster).count == 1 }
            #expect(try names() == ["data-web-0", "data-web-1"])
            try cluster.kubectl("delete", "sts", "web")
            try cluster.waitUntil("the claims go with the set") { try names() == [] }
        }
    }

    @Test func severalPodsAreUpdatedAtOnce() throws {
        try withCluster("many", port: 17455) { cluster in
            let strategy = "updateStrategy: {rollingUpdate: {maxUnavailable: 2}}"
            try apply(cluster, manifest("replicas: 4\n  podManagementPolicy: Parallel\n  \(strategy)"))
            try cluster.waitForRollout("web")
            let watch = try PodWatch(cluster, selector: "app=web")
            try setImage(cluster, "nginx:1.26.1")
            try cluster.waitForRollout("web")
            #expect(OrderRules.mostAway(watch.finish()) == 2)
        }
    }

    /// The row "failure": a gate that only the test opens makes web-0 ready and unready.
    @Test func nothingGoesOnWhileAnEarlierPodIsNotReady() throws {
        try withCluster("failure", port: 17456) { cluster in
            try apply(
                cluster, manifest("replicas: 3", template: "readinessGates: [{conditionType: example.com/open}]"))
            func open(_ pod: String, _ isOpen: Bool) throws {
                let status = isOpen ? "True" : "False"
                let patch = #"{"status":{"conditions":[{"type":"example.com/open","status":"\#(status)"}]}}"#
                try cluster.kubectl("patch", "pod", pod, "--subresource=status", "-p", patch)
                try cluster.waitUntil("\(pod) follows") { try isReady(pod) == isOpen }
            }
            func isReady(_ pod: String) throws -> Bool {
                let query = "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}"
                return try cluster.kubectl("get", "pod", pod, "-o", query) == "True"
            }
            func names() throws -> String {
                try cluster.kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].metadata.name}")
            }
            try cluster.waitUntil("web-0 runs") { try names() == "web-0" }
            try open("web-0", true)
            try cluster.waitUntil("web-1 runs") { try names() == "web-0 web-1" }
            try open("web-0", false)
            try open("web-1", true)
            usleep(500_000)
            #expect(try names() == "web-0 web-1")
            try open("web-0", true)
            try cluster.waitUntil("web-2 runs") { try names() == "web-0 web-1 web-2" }
            try open("web-2", true)
            try open("web-0", false)
            try cluster.kubectl("scale", "sts", "web", "--replicas=1")
            usleep(500_000)
            #expect(try names() == "web-0 web-1 web-2")
            try open("web-0", true)
            try cluster.waitUntil("only web-0 stays") { try names() == "web-0" }
        }
    }

    /// The row "old API".
    @Test func aManifestOfTheFirstBetaIsTaken() throws {
        try withCluster("beta", port: 17457) { cluster in
            let applied = try cluster.tryKubectl(["apply", "-f", Machine.manifest("first-beta")])
            #expect(applied.code == 0 && applied.output.contains("statefulset.apps/archive created"))
            #expect(applied.errors.contains("use apps/v1 StatefulSet"), "\(applied.errors)")
            try cluster.waitUntil("both are ready") { try cluster.kubectl("get", "sts", "archive").contains("2/2") }
            let set = try cluster.json("get", "sts", "archive")
            #expect(set["apiVersion"] == "apps/v1")
            #expect(set["spec", "selector"] == ["matchLabels": ["app": "archive"]])
            #expect(set["spec", "updateStrategy", "type"] == "OnDelete")
            #expect(try cluster.json("get", "statefulsets.v1beta1.apps", "archive")["apiVersion"] == "apps/v1beta1")
            #expect(try cluster.kubectl("get", "--raw", "/openapi/v3/apis/apps/v1beta1").contains("StatefulSet"))
            let again = try cluster.tryKubectl(["apply", "-f", Machine.manifest("first-beta")])
            #expect(again.output.contains("statefulset.apps/archive unchanged"), "\(again.output)\(again.errors)")
            try cluster.kubectl("delete", "-f", Machine.manifest("first-beta"))
            try cluster.waitUntil("its pods are gone") { try cluster.kubectl("get", "pods", "-o", "name").isEmpty }
        }
    }
}

import Foundation
import ObjectModel
import Testing

/// kubectl against simulated nodes: everything that needs no container and no root.
@Suite(.serialized, .enabled(if: Machine.kubectl != nil, "kubectl is not installed"))
struct SimulatedClusterTests {
    private func withCluster(_ name: String, port: Int, _ body: (TestCluster) throws -> Void) throws {
        let cluster = try TestCluster(name, port: port, arguments: ["--runtime", "simulated", "--nodes", "3"])
        defer { cluster.remove() }
        try body(cluster)
    }

    @Test func theEverydayCommandsWork() throws {
        try withCluster("sim", port: 17443) { cluster in
            #expect(try cluster.kubectl("version").contains("v1.36"))
            #expect(try cluster.kubectl("get", "nodes").contains("n1-2"))
            #expect(try cluster.kubectl("get", "--raw", "/readyz") == "ok")

            let watch = try PodWatch(cluster, selector: "app=nginx-stateful")
            let applied = try cluster.kubectl("apply", "-f", Machine.manifest("stateless-claims"))
            #expect(applied.contains("service/nginx-stateful-service created"))
            #expect(applied.contains("statefulset.apps/nginx-statefulset created"))
            try cluster.waitForRollout("nginx-statefulset")
            try cluster.kubectl("scale", "statefulset", "nginx-statefulset", "--replicas=5")
            try cluster.waitForRollout("nginx-statefulset")
            let changes = watch.finish()
            #expect(OrderRules.createdInOrder(changes, set: "nginx-statefulset", count: 5) == [])

            #expect(try cluster.kubectl("get", "sts").contains("5/5"))
            let described = try cluster.kubectl("describe", "sts", "nginx-statefulset")
            #expect(described.contains("SuccessfulCreate"))
            #expect(described.contains("5 desired | 5 total"))
            #expect(
                try cluster.kubectl("apply", "-f", Machine.manifest("stateless-claims"))
                    .contains("service/nginx-stateful-service unchanged"))
            try cluster.kubectl("patch", "statefulset", "nginx-statefulset", "-p", #"{"spec":{"replicas":2}}"#)
            try cluster.waitUntil("two pods stay") {
                try cluster.kubectl("get", "pods", "-o", "name").split(separator: "\n").count == 2
            }
        }
    }

    /// Upstream's conformance: "Should recreate evicted statefulset".
    @Test func aPodThatItsNodeDoesNotTakeIsMadeAnewUntilItDoes() throws {
        try withCluster("admission", port: 17464) { cluster in
            let node = try cluster.kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}")
            let container = """
                {"name": "c", "image": "i", "ports": [{"containerPort": 80, "hostPort": 21017}]}
                """
            let holder = """
                {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "holder"},
                 "spec": {"nodeName": "\(node)", "containers": [\(container)]}}
                """
            let set = """
                {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"},
                 "spec": {"serviceName": "web", "selector": {"matchLabels": {"app": "web"}},
                          "template": {"metadata": {"labels": {"app": "web"}},
                                       "spec": {"nodeName": "\(node)", "containers": [\(container)]}}}}
                """
            try cluster.kubectl("apply", "-f", "-", input: holder)
            try cluster.waitUntil("the holder runs") {
                try cluster.kubectl("get", "pod", "holder", "-o", "jsonpath={.status.phase}") == "Running"
            }
            try cluster.kubectl("apply", "-f", "-", input: set)
            try cluster.waitUntil("a pod of the set was refused") {
                try cluster.kubectl("get", "events").contains("Predicate NodePorts failed")
            }
            var uids: Set<String> = []
            try cluster.waitUntil("it is made anew") {
                let pods = try cluster.json("get", "pods", "-l", "app=web")["items"]?.array ?? []
                uids.formUnion(pods.map(\.uid))
                return uids.count > 1
            }
            try cluster.kubectl("delete", "pod", "holder", "--wait=false")
            try cluster.waitForRollout("web")
        }
    }

    @Test func metricsHaveTheirUpstreamNames() throws {
        try withCluster("metrics", port: 17463) { cluster in
            try cluster.kubectl("apply", "-f", Machine.manifest("stateless-claims"))
            try cluster.waitForRollout("nginx-statefulset")
            let text = try cluster.kubectl("get", "--raw", "/metrics")
            let lines = text.split(separator: "\n").map(String.init)
            let described = Set(lines.filter { $0.hasPrefix("# HELP ") }.map { $0.split(separator: " ")[2] })
            let typed = Set(lines.filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] })
            #expect(typed == described)
            let set = "statefulset_name=\"nginx-statefulset\",statefulset_namespace=\"default\"}"
            for line in [
                "statefulset_controller_statefulset_max_unavailable{pod_management_policy=\"OrderedReady\",\(set) 1",
                "statefulset_controller_statefulset_unavailable_replicas{pod_management_policy=\"OrderedReady\",\(set) 0",
                "apiserver_resource_objects{group=\"apps\",resource=\"statefulsets\"} 1",
                "scheduler_pending_pods{queue=\"unschedulable\"} 0", "workqueue_depth{name=\"statefulset\"} 0",
            ] {
                #expect(lines.contains(line), "\(line)")
            }
            let pods = lines.filter { $0.hasPrefix("kubelet_running_pods{") }.compactMap {
                $0.split(separator: " ").last
            }
            #expect(pods.count == 3 && pods.compactMap { Int($0) }.reduce(0, +) == 3)
            let bound = "scheduler_schedule_attempts_total{profile=\"default-scheduler\",result=\"scheduled\"} "
            #expect(lines.contains { $0.hasPrefix(bound) && (Int($0.dropFirst(bound.count)) ?? 0) >= 3 })
        }
    }

    @Test func rolloutsHaveHistoryAndCanBeUndone() throws {
        try withCluster("roll", port: 17444) { cluster in
            try cluster.kubectl("apply", "-f", Machine.manifest("stateless-claims"))
            try cluster.waitForRollout("nginx-statefulset")
            try cluster.kubectl("set", "image", "statefulset/nginx-statefulset", "nginx-container=nginx:1.26.1")
            try cluster.waitForRollout("nginx-statefulset")
            let images = "jsonpath={.items[*].spec.containers[0].image}"
            #expect(
                try cluster.kubectl("get", "pods", "-o", images) == "nginx:1.26.1 nginx:1.26.1 nginx:1.26.1")
            let history = try cluster.kubectl("rollout", "history", "statefulset/nginx-statefulset")
            #expect(history.contains("1") && history.contains("2"))
            try cluster.kubectl("rollout", "undo", "statefulset/nginx-statefulset")
            try cluster.waitForRollout("nginx-statefulset")
            #expect(
                try cluster.kubectl("get", "pods", "-o", images) == "nginx:1.25.4 nginx:1.25.4 nginx:1.25.4")
            let revisions = try cluster.json("get", "controllerrevisions")
            #expect(revisions["items"]?.array?.count == 2)
            #expect(revisions["items"]?.array?.first?["data", "spec", "template", "$patch"] == "replace")
            try cluster.kubectl("rollout", "restart", "statefulset/nginx-statefulset")
            try cluster.waitForRollout("nginx-statefulset")
            try cluster.kubectl("delete", "-f", Machine.manifest("stateless-claims"))
            try cluster.waitUntil("the pods are collected") {
                try cluster.kubectl("get", "pods", "-o", "name").isEmpty
            }
        }
    }

    @Test func everyInstalledClientWorks() throws {
        try #require(!Machine.clients.isEmpty)
        try withCluster("clients", port: 17445) { cluster in
            for (minor, client) in Machine.clients.sorted(by: { $0.key < $1.key }) {
                let name = "v\(minor)"
                let commands: [[String]] = [
                    ["create", "namespace", name, "--dry-run=client", "-o", "yaml"],
                    ["apply", "-f", "-"],
                    ["get", "svc,sts,pods", "-o", "wide", "-n", name],
                    ["annotate", "service", "nginx-svc", "-n", name, "a=b"],
                    ["describe", "service", "nginx-svc", "-n", name],
                    ["patch", "service", "nginx-svc", "-n", name, "-p", #"{"metadata":{"labels":{"x":"y"}}}"#],
                    ["delete", "service", "nginx-svc", "-n", name],
                ]
                let manifest =
                    "apiVersion: v1\nkind: Namespace\nmetadata: {name: \(name)}\n---\n"
                    + (try String(contentsOfFile: Machine.manifest("headless"), encoding: .utf8))
                    .replacingOccurrences(of: "name: nginx-svc", with: "name: nginx-svc\n  namespace: \(name)")
                for arguments in commands {
                    let outcome = try cluster.tryKubectl(
                        arguments, input: arguments.contains("-") ? manifest : nil, client: client)
                    #expect(outcome.code == 0, "kubectl 1.\(minor) \(arguments): \(outcome.errors)")
                }
            }
        }
    }

    @Test func badInputIsRefusedAndTheServerStaysUp() throws {
        try withCluster("bad", port: 17446) { cluster in
            let cases: [(String, String, String)] = [
                ("malformed JSON", #"{"apiVersion":"v1","kind":"ConfigMap","#, "error"),
                (
                    "wrong type",
                    #"{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"x"},"spec":{"replicas":"three"}}"#,
                    "replicas"
                ),
                (
                    "long label",
                    #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","labels":{"a":""#
                        + String(repeating: "b", count: 64) + #""}}}"#, "must be no more than 63"
                ),
                (
                    "unknown field",
                    #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"dota":{"a":"b"}}"#,
                    #"unknown field "dota""#
                ),
            ]
            for (name, body, expected) in cases {
                let outcome = try cluster.tryKubectl(["create", "-f", "-"], input: body)
                #expect(outcome.code != 0, "\(name)")
                #expect(outcome.errors.contains(expected), "\(name): \(outcome.errors)")
            }
            try cluster.kubectl("apply", "-f", Machine.manifest("stateless-claims"))
            let immutable = try cluster.tryKubectl(
                ["patch", "sts", "nginx-statefulset", "-p", #"{"spec":{"serviceName":"other"}}"#])
            #expect(immutable.errors.contains("updates to statefulset spec for fields other than"))
            #expect(try cluster.kubectl("get", "--raw", "/readyz") == "ok")
        }
    }

    @Test func whatWasAcknowledgedSurvivesCrashes() throws {
        try withCluster("crash", port: 17447) { cluster in
            var acknowledged: [String] = []
            for round in 0..<Machine.crashRounds {
                for number in 0..<5 {
                    let name = "c\(round)-\(number)"
                    try cluster.kubectl(
                        "create", "-f", "-", input: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \(name)}\n")
                    acknowledged.append(name)
                }
                cluster.crash()
                try cluster.start()
                let names = try cluster.kubectl("get", "configmaps", "-o", "jsonpath={.items[*].metadata.name}")
                #expect(Set(acknowledged).subtracting(names.split(separator: " ").map(String.init)).isEmpty)
            }
        }
    }
}

import Foundation
import ObjectModel
import Testing

/// Deployments and ReplicaSets with real kubectl on simulated nodes.
@Suite(.serialized, .enabled(if: Machine.kubectl != nil, "kubectl is not installed"))
struct DeploymentTests {
    private static let images = "jsonpath={.items[*].spec.containers[0].image}"

    private func withCluster(_ name: String, port: Int, _ body: (TestCluster) throws -> Void) throws {
        let cluster = try TestCluster(name, port: port, arguments: ["--runtime", "simulated", "--nodes", "3"])
        defer { cluster.remove() }
        try body(cluster)
    }

    /// Applies the manifest and waits until all pods are there.
    private func apply(_ cluster: TestCluster) throws {
        let applied = try cluster.kubectl("apply", "-f", Machine.manifest("deployment"))
        #expect(applied.contains("deployment.apps/front created"))
        try rollOut(cluster)
    }

    private func rollOut(_ cluster: TestCluster) throws {
        let outcome = try cluster.tryKubectl(["rollout", "status", "deployment/front", "--timeout=60s"], timeout: 65)
        guard outcome.code == 0 else {
            let described = try cluster.tryKubectl(["describe", "deployments,rs,pods"]).output
            throw Failure("rollout: \(outcome.errors)\(outcome.output)\n\(described)\n\(cluster.log.suffix(3000))")
        }
        #expect(outcome.output.contains("deployment \"front\" successfully rolled out"))
    }

    private func settledImages(_ cluster: TestCluster) throws -> Set<String> {
        try cluster.waitUntil("four pods stay") {
            try cluster.kubectl("get", "pods", "-o", "name").split(separator: "\n").count == 4
        }
        let images = try cluster.kubectl("get", "pods", "-o", Self.images)
        return Set(images.split(separator: " ").map(String.init))
    }

    @Test func everythingIsListedAsUpstreamPrintsIt() throws {
        try withCluster("deploy", port: 17451) { cluster in
            try apply(cluster)
            let deployment = try row(cluster, "deployment", "-o", "wide")
            #expect(deployment[0...3] == ["front", "4/4", "4", "4"])
            #expect(deployment[5...] == ["nginx", "nginx:1.25.4", "app=front"])
            let set = try row(cluster, "rs", "-o", "wide")
            #expect(set[0].hasPrefix("front-"))
            #expect(set[1...3] == ["4", "4", "4"])
            #expect(set[5...6] == ["nginx", "nginx:1.25.4"])
            #expect(set[7] == "app=front,pod-template-hash=\(set[0].dropFirst(6))")

            let all = try cluster.kubectl("get", "all")
            for line in ["deployment.apps/front", "replicaset.apps/\(set[0])", "service/front", "pod/\(set[0])-"] {
                #expect(all.contains(line), "\(line) in\n\(all)")
            }
            for (minor, client) in Machine.clients {
                let outcome = try cluster.tryKubectl(["get", "all"], client: client)
                #expect(outcome.code == 0 && outcome.output.contains("deployment.apps/front"), "kubectl 1.\(minor)")
            }

            let described = try cluster.kubectl("describe", "deployment", "front")
            for text in [
                "4 desired | 4 updated | 4 total | 4 available | 0 unavailable",
                "25% max unavailable, 25% max surge", "Available      True    MinimumReplicasAvailable",
                "Progressing    True    NewReplicaSetAvailable", "NewReplicaSet:   \(set[0]) (4/4 replicas created)",
                "Normal  ScalingReplicaSet", "Scaled up replica set \(set[0]) from 0 to 4",
            ] {
                #expect(described.contains(text), "\(text) in\n\(described)")
            }
            #expect(try cluster.kubectl("describe", "rs").contains("Created pod: \(set[0])-"))
            #expect(
                try cluster.kubectl("get", "rs", "--field-selector=status.replicas=4", "-o", "name").isEmpty == false)
            let service = try row(cluster, "service/front")
            #expect(service[1] == "NodePort" && service[4] == "80:30080/TCP")
            try cluster.waitUntil("the Service leads to all pods") {
                let endpoints = try cluster.json("get", "endpoints", "front")
                return endpoints["subsets"]?.array?.first?["addresses"]?.array?.count == 4
            }
        }
    }

    @Test func rolloutsHaveCausesAndCanBeUndone() throws {
        try withCluster("undo", port: 17452) { cluster in
            try apply(cluster)
            try cluster.kubectl("set", "image", "deployment/front", "nginx=nginx:1.26.1")
            try cluster.kubectl(
                "annotate", "deployment/front", "kubernetes.io/change-cause=second release", "--overwrite")
            try rollOut(cluster)
            #expect(try settledImages(cluster) == ["nginx:1.26.1"])
            let history = try cluster.kubectl("rollout", "history", "deployment/front")
            #expect(history.contains("1         first release"), "\(history)")
            #expect(history.contains("2         second release"), "\(history)")
            let revision = try cluster.kubectl("rollout", "history", "deployment/front", "--revision=1")
            #expect(revision.contains("nginx:1.25.4"))

            try cluster.kubectl("rollout", "undo", "deployment/front")
            try rollOut(cluster)
            #expect(try settledImages(cluster) == ["nginx:1.25.4"])
            let undone = try cluster.kubectl("rollout", "history", "deployment/front")
            #expect(undone.contains("3         first release") && !undone.contains("1         "), "\(undone)")
            try cluster.kubectl("rollout", "undo", "deployment/front", "--to-revision=2")
            try rollOut(cluster)
            #expect(try settledImages(cluster) == ["nginx:1.26.1"])
            try cluster.kubectl("rollout", "restart", "deployment/front")
            try rollOut(cluster)
            let annotation = "deployment.kubernetes.io/revision"
            #expect(try cluster.json("get", "deployment", "front")["metadata", "annotations", annotation] == "5")
        }
    }

    @Test func scalingPausingAndRecreatingWork() throws {
        try withCluster("scale", port: 17453) { cluster in
            try apply(cluster)
            try cluster.kubectl("rollout", "pause", "deployment/front")
            try cluster.kubectl("set", "image", "deployment/front", "nginx=nginx:1.26.1")
            try cluster.kubectl("scale", "deployment/front", "--replicas=6")
            try cluster.waitUntil("a paused Deployment is scaled") {
                try row(cluster, "deployment/front")[1] == "6/6"
            }
            #expect(try cluster.kubectl("get", "rs", "-o", "name").split(separator: "\n").count == 1)
            try cluster.kubectl("rollout", "resume", "deployment/front")
            try rollOut(cluster)
            try cluster.kubectl("scale", "deployment/front", "--replicas=4", "--current-replicas=6")
            try rollOut(cluster)
            #expect(try settledImages(cluster) == ["nginx:1.26.1"])

            try cluster.kubectl(
                "patch", "deployment", "front", "-p",
                #"{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}"#)
            try cluster.kubectl("set", "image", "deployment/front", "nginx=nginx:latest")
            try rollOut(cluster)
            #expect(try settledImages(cluster) == ["nginx:latest"])
            let immutable = try cluster.tryKubectl(
                ["patch", "deployment", "front", "-p", #"{"spec":{"selector":{"matchLabels":{"a":"b"}}}}"#])
            #expect(immutable.code != 0 && immutable.errors.contains("field is immutable"), "\(immutable.errors)")
        }
    }

    @Test func aDeploymentTakesItsSetsAndPodsAlong() throws {
        try withCluster("cascade", port: 17454) { cluster in
            try apply(cluster)
            try cluster.kubectl("delete", "deployment", "front", "--cascade=orphan")
            try cluster.waitUntil("the set has no owner") {
                let set = try cluster.json("get", "rs")["items"]?.array?.first
                return set != nil && (set?["metadata", "ownerReferences"]?.array ?? []).isEmpty
            }
            let set = try row(cluster, "rs")[0]
            try cluster.kubectl("apply", "-f", Machine.manifest("deployment"))
            try rollOut(cluster)
            #expect(try row(cluster, "rs")[0] == set)
            #expect(try cluster.kubectl("get", "rs", "-o", "name").split(separator: "\n").count == 1)

            try cluster.kubectl("delete", "rs", set)
            try cluster.waitUntil("the set is made anew") {
                let now = try cluster.json("get", "rs")["items"]?.array ?? []
                return now.contains { $0["status", "readyReplicas"] == 4 }
            }
            try cluster.kubectl("delete", "deployment", "front")
            try cluster.waitUntil("sets and pods are collected") {
                try cluster.kubectl("get", "rs,pods", "-o", "name").isEmpty
            }
        }
    }

    @Test func aReplicaSetAdoptsReleasesAndScales() throws {
        try withCluster("replica", port: 17455) { cluster in
            func names() throws -> Set<String> {
                let pods = try cluster.kubectl("get", "pods", "-l", "app=solo", "-o", "name")
                return Set(pods.split(separator: "\n").map { $0.replacingOccurrences(of: "pod/", with: "") })
            }
            try cluster.kubectl("run", "bare", "--image=nginx:1.25.4", "--labels=app=solo")
            try cluster.kubectl(
                "create", "-f", "-",
                input: """
                    apiVersion: apps/v1
                    kind: ReplicaSet
                    metadata: {name: solo}
                    spec:
                      replicas: 3
                      selector: {matchLabels: {app: solo}}
                      template:
                        metadata: {labels: {app: solo}}
                        spec: {containers: [{name: c, image: "nginx:1.25.4"}]}
                    """)
            try cluster.waitUntil("three pods are ready") { try row(cluster, "rs/solo")[3] == "3" }
            #expect(try names().count == 3 && names().contains("bare"))
            let owner = try cluster.json("get", "pod", "bare")["metadata", "ownerReferences"]?.array?.first
            #expect(owner?["kind"] == "ReplicaSet" && owner?["controller"] == true)

            try cluster.kubectl("label", "pod", "bare", "app=other", "--overwrite")
            try cluster.waitUntil("the pod is let go and replaced") {
                let pod = try cluster.json("get", "pod", "bare")
                return try (pod["metadata", "ownerReferences"]?.array ?? []).isEmpty && names().count == 3
            }
            try cluster.kubectl("scale", "rs", "solo", "--replicas=1")
            try cluster.waitUntil("one pod stays") { try names().count == 1 }
            let scale = try JSON.parse(
                cluster.kubectl("get", "--raw", "/apis/apps/v1/namespaces/default/replicasets/solo/scale"))
            #expect(scale["spec", "replicas"] == 1 && scale["status", "selector"] == "app=solo")
            try cluster.kubectl("delete", "rs", "solo", "--cascade=foreground")
            #expect(try names().isEmpty)
            #expect(try cluster.kubectl("get", "pod", "bare").contains("Running"))
        }
    }

    /// The cells of the first line that `kubectl get` prints.
    private func row(_ cluster: TestCluster, _ arguments: String...) throws -> [String] {
        let outcome = try cluster.tryKubectl(["get"] + arguments + ["--no-headers"])
        try #require(outcome.code == 0, "\(outcome.errors)")
        let line = try #require(outcome.lines.first, "\(outcome.errors)")
        return line.split(separator: " ").map(String.init)
    }
}

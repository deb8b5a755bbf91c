import Foundation
import ObjectModel
import Testing

/// The rows that people run, with real kubectl and real containers.
@Suite(
    .serialized,
    .enabled(if: Machine.kubectl != nil, "kubectl is not installed"),
    .enabled(if: Machine.runsContainers, "containers cannot run here (root, containerd, runc or crun, and images)"))
struct ContainerTests {
    private func withCluster(
        _ name: String, port: Int, _ arguments: [String] = [], images: [String], _ body: (TestCluster) throws -> Void
    ) throws {
        let cluster = try TestCluster(name, port: port, arguments: arguments)
        defer { cluster.remove() }
        try cluster.importImages(images)
        try body(cluster)
    }

    @Test func aStatefulSetWithoutClaims() throws {
        try withCluster("a", port: 18443, images: ["nginx-1.25.4", "nginx-1.26.1", "tutum-dnsutils-latest"]) {
            cluster in
            // headless
            try cluster.kubectl("apply", "-f", Machine.manifest("headless"))
            let service = try cluster.kubectl("get", "svc", "nginx-svc", "--no-headers")
            #expect(
                service.split(separator: " ").prefix(5).map(String.init) == [
                    "nginx-svc", "ClusterIP", "None", "<none>", "80/TCP",
                ])

            // create
            let watch = try PodWatch(cluster, selector: "app=nginx-stateful")
            try cluster.kubectl("apply", "-f", Machine.manifest("stateless-claims"))
            try cluster.waitForRollout("nginx-statefulset")
            #expect(OrderRules.createdInOrder(watch.finish(), set: "nginx-statefulset", count: 3) == [])
            #expect(try cluster.kubectl("get", "sts").contains("3/3"))

            // pod DNS, reverse DNS, reach
            let ip = try cluster.kubectl("get", "pod", "nginx-statefulset-0", "-o", "jsonpath={.status.podIP}")
            let full = "nginx-statefulset-0.nginx-stateful-service.default.svc.cluster.local"
            let look = try cluster.inPod(
                "dns", image: "tutum/dnsutils:latest",
                "nslookup nginx-statefulset-0.nginx-stateful-service; nslookup \(full); nslookup \(ip); "
                    + "nslookup 10.96.0.10; wget -qO- http://\(full)")
            #expect(look.contains("10.96.0.10#53"))
            #expect(look.components(separatedBy: "Name:\t\(full)\nAddress: \(ip)").count == 3, "\(look)")
            #expect(look.contains("name = \(full)."), "\(look)")
            #expect(look.contains("name = kube-dns.kube-system.svc.cluster.local."), "\(look)")
            #expect(look.contains("nginx"), "\(look)")

            try theTokenReachesTheAPI(cluster)
            try aGroupNeedsNoUser(cluster)
            try formerLogsStay(cluster)
            try updateGoesFromTheHighestOrdinal(cluster)
            try scaleKeepsOrder(cluster)
        }
    }

    private func theTokenReachesTheAPI(_ cluster: TestCluster) throws {
        let answer = try cluster.inPod(
            "token", image: "tutum/dnsutils:latest",
            "d=/var/run/secrets/kubernetes.io/serviceaccount; curl -sS --cacert $d/ca.crt "
                + #"-H "Authorization: Bearer $(cat $d/token)" https://kubernetes.default.svc/version; "#
                + "stat -f -c %T $d")
        #expect(answer.contains("v1.36"), "\(answer)")
        // It reaches no disk.
        #expect(answer.hasSuffix("tmpfs\n"), "\(answer)")
    }

    private func aGroupNeedsNoUser(_ cluster: TestCluster) throws {
        let ids = try cluster.inPod(
            "group", image: "tutum/dnsutils:latest",
            overrides: #"{"apiVersion": "v1", "spec": {"securityContext": {"runAsGroup": 3000}}}"#, "id -u; id -g")
        #expect(ids == "0\n3000\n")
    }

    @Test func execAndLogsWork() throws {
        try withCluster("e", port: 18448, images: ["nginx-1.25.4"]) { cluster in
            try cluster.kubectl("apply", "-f", Machine.manifest("stateless-claims"))
            try cluster.waitForRollout("nginx-statefulset")
            try execAndLogsWork(cluster)
        }
    }

    private func execAndLogsWork(_ cluster: TestCluster) throws {
        let name = try cluster.kubectl("exec", "nginx-statefulset-1", "--", "hostname")
        #expect(name == "nginx-statefulset-1\n")
        let piped = try cluster.kubectl("exec", "-i", "nginx-statefulset-1", "--", "cat", input: "through\n")
        #expect(piped == "through\n")
        let failed = try cluster.tryKubectl(["exec", "nginx-statefulset-1", "--", "sh", "-c", "exit 3"])
        #expect(failed.code == 3)
        try cluster.kubectl(
            "exec", "nginx-statefulset-1", "--", "sh", "-c", "for n in 1 2 3; do echo line$n > /proc/1/fd/1; done")
        #expect(try cluster.kubectl("logs", "nginx-statefulset-1", "--tail=2") == "line2\nline3\n")
        let kubectl = "\(Machine.kubectl ?? "kubectl") --kubeconfig \(cluster.kubeconfig)"
        let followed = try run(
            "/bin/sh",
            [
                "-c",
                "(sleep 1; \(kubectl) exec nginx-statefulset-1 -- sh -c 'echo later > /proc/1/fd/1') & "
                    + "timeout 4 \(kubectl) logs -f --tail=1 nginx-statefulset-1; wait",
            ])
        #expect(followed.output == "line3\nlater\n")
    }

    private func formerLogsStay(_ cluster: TestCluster) throws {
        try cluster.kubectl(
            "run", "crasher", "--image=tutum/dnsutils:latest", "--image-pull-policy=IfNotPresent", "--command", "--",
            "sh", "-c", "echo instance; exit 1")
        try cluster.waitUntil("the crasher is restarted") {
            let count = try cluster.kubectl(
                "get", "pod", "crasher", "-o", "jsonpath={.status.containerStatuses[0].restartCount}")
            return Int(count) ?? 0 >= 1
        }
        #expect(try cluster.kubectl("logs", "-p", "crasher") == "instance\n")
        try cluster.kubectl("delete", "pod", "crasher", "--grace-period=0", "--force")
    }

    private func updateGoesFromTheHighestOrdinal(_ cluster: TestCluster) throws {
        let watch = try PodWatch(cluster, selector: "app=nginx-stateful")
        try cluster.kubectl("set", "image", "statefulset/nginx-statefulset", "nginx-container=nginx:1.26.1")
        try cluster.waitForRollout("nginx-statefulset")
        let gone = watch.finish().filter(\.isGone).map(\.pod)
        #expect(gone == ["nginx-statefulset-2", "nginx-statefulset-1", "nginx-statefulset-0"])
        #expect(
            try cluster.kubectl(
                "get", "pods", "-l", "app=nginx-stateful", "-o", "jsonpath={.items[*].spec.containers[0].image}")
                == "nginx:1.26.1 nginx:1.26.1 nginx:1.26.1")
    }

    private func scaleKeepsOrder(_ cluster: TestCluster) throws {
        let up = try PodWatch(cluster, selector: "app=nginx-stateful")
        try cluster.kubectl("scale", "statefulset", "nginx-statefulset", "--replicas=10")
        try cluster.waitForRollout("nginx-statefulset", seconds: 90)
        #expect(OrderRules.createdInOrder(up.finish(), set: "nginx-statefulset", count: 10) == [])
        let down = try PodWatch(cluster, selector: "app=nginx-stateful")
        try cluster.kubectl("patch", "statefulset", "nginx-statefulset", "-p", #"{"spec":{"replicas":5}}"#)
        try cluster.waitUntil("five pods stay") {
            try cluster.kubectl("get", "pods", "-l", "app=nginx-stateful", "-o", "name").split(separator: "\n").count
                == 5
        }
        #expect(OrderRules.deletedInReverseOrder(down.finish(), set: "nginx-statefulset", from: 9, to: 5) == [])
    }

    @Test func twoClustersSideBySideAndClaims() throws {
        let ranges = [
            "--pod-cidr", "10.245.0.0/16", "--service-cidr", "10.97.0.0/16", "--cluster-domain", "example.com",
        ]
        let images = ["nginx-latest", "tutum-dnsutils-latest", "busybox-1.28"]
        try withCluster("b", port: 18444, ranges, images: images) { cluster in
            let other = try TestCluster("c", port: 18445)
            defer { other.remove() }
            try other.importImages(["busybox-1.28"])
            #expect(try other.inPod("beside", image: "busybox:1.28", "echo other").contains("other"))

            try cluster.kubectl("create", "namespace", "mytest", "--dry-run=client", "-o", "yaml")
            try cluster.kubectl(
                "apply", "-f", "-", input: "apiVersion: v1\nkind: Namespace\nmetadata: {name: mytest}\n")
            try cluster.kubectl("apply", "-f", Machine.manifest("storage-class"))
            try cluster.kubectl("apply", "-f", Machine.manifest("with-claims"))
            try cluster.waitForRollout("mystatefulset", namespace: "mytest")
            try claimsAreBound(cluster)
            try serviceRecords(cluster)
            try identityStays(cluster)
            try removalKeepsClaims(cluster)
        }
    }

    private func claimsAreBound(_ cluster: TestCluster) throws {
        for claim in try cluster.json("get", "pvc", "-n", "mytest")["items"]?.array ?? [] {
            #expect(claim["status", "phase"] == "Bound")
            #expect(claim["status", "capacity", "storage"] == "100Mi")
        }
        let table = try cluster.kubectl("get", "pvc", "-n", "mytest", "--no-headers").split(separator: "\n")
        #expect(table.map { String($0.split(separator: " ")[0]) } == (0..<3).map { "www-mystatefulset-\($0)" })
        let volumes = try cluster.kubectl("get", "pv", "--no-headers").split(separator: "\n")
        #expect(volumes.count == 3)
        for volume in volumes {
            let cells = volume.split(separator: " ").map(String.init)
            #expect(Array(cells[1...4]) == ["100Mi", "RWO", "Delete", "Bound"])
        }
    }

    private func serviceRecords(_ cluster: TestCluster) throws {
        let text = try cluster.inPod(
            "records", image: "tutum/dnsutils:latest", namespace: "mytest",
            "nslookup nginx.mytest.svc.example.com; "
                + "dig @10.97.0.10 -t a mystatefulset-0.nginx.mytest.svc.example.com")
        let addresses = try cluster.kubectl(
            "get", "pods", "-n", "mytest", "-l", "app=nginx", "-o", "jsonpath={.items[*].status.podIP}")
        for address in addresses.split(separator: " ") {
            #expect(text.contains("Name:\tnginx.mytest.svc.example.com\nAddress: \(address)"), "\(text)")
        }
        let first = try cluster.kubectl(
            "get", "pod", "mystatefulset-0", "-n", "mytest", "-o", "jsonpath={.status.podIP}")
        let record = text.split(separator: "\n").first { $0.hasPrefix("mystatefulset-0.nginx.mytest.svc.example.com.") }
        #expect(
            record.map { $0.split(whereSeparator: \.isWhitespace).map(String.init) }
                == ["mystatefulset-0.nginx.mytest.svc.example.com.", "30", "IN", "A", first])
        // not outside
        #expect(try run("/usr/bin/getent", ["hosts", "mystatefulset-0.nginx.mytest.svc.example.com"]).code != 0)
    }

    private func identityStays(_ cluster: TestCluster) throws {
        let before = try cluster.json("get", "pod", "mystatefulset-1", "-n", "mytest")
        try cluster.kubectl("delete", "pod", "-n", "mytest", "mystatefulset-1")
        try cluster.waitForRollout("mystatefulset", namespace: "mytest")
        try cluster.waitUntil("mystatefulset-1 is back") {
            let outcome = try cluster.tryKubectl([
                "get", "pod", "mystatefulset-1", "-n", "mytest", "-o", "jsonpath={.metadata.uid}",
            ])
            return outcome.code == 0 && outcome.output != before.uid
        }
        try cluster.kubectl("wait", "--for=condition=Ready", "pod/mystatefulset-1", "-n", "mytest", "--timeout=60s")
        let after = try cluster.json("get", "pod", "mystatefulset-1", "-n", "mytest")
        func claim(_ pod: Value) -> String? {
            pod["spec", "volumes"]?.array?.compactMap { $0["persistentVolumeClaim", "claimName"]?.string }.first
        }
        #expect(claim(after) == "www-mystatefulset-1")
        #expect(claim(before) == claim(after))
        let answer = try cluster.inPod(
            "again", image: "tutum/dnsutils:latest", namespace: "mytest", "nslookup mystatefulset-1.nginx")
        #expect(answer.contains("Address: \(after["status", "podIP"]?.string ?? "?")"), "\(answer)")
    }

    private func removalKeepsClaims(_ cluster: TestCluster) throws {
        let output = try cluster.kubectl("delete", "-f", Machine.manifest("with-claims"))
        #expect(output.contains(#"statefulset.apps "mystatefulset""#) && output.contains(#"service "nginx""#))
        try cluster.waitUntil("the pods are gone") {
            try cluster.kubectl("get", "pods", "-n", "mytest", "-l", "app=nginx", "-o", "name").isEmpty
        }
        #expect(try cluster.kubectl("get", "pvc", "-n", "mytest", "-o", "name").split(separator: "\n").count == 3)
    }

    @Test func crashesDuringAScaleUpLoseNothing() throws {
        try withCluster("k", port: 18446, images: ["nginx-1.25.4"]) { cluster in
            try cluster.kubectl("apply", "-f", Machine.manifest("stateless-claims"))
            try cluster.waitForRollout("nginx-statefulset")
            func started() throws -> [String: String] {
                var times: [String: String] = [:]
                for pod in try cluster.json("get", "pods", "-l", "app=nginx-stateful")["items"]?.array ?? [] {
                    let status = pod["status", "containerStatuses"]?.array?.first
                    times[pod.name] = status?["state", "running", "startedAt"]?.string
                }
                return times
            }
            for round in 0..<Machine.crashRounds {
                let before = try started()
                try cluster.kubectl("scale", "statefulset", "nginx-statefulset", "--replicas=\(4 + round)")
                usleep(UInt32(100_000 + 150_000 * (round % 5)))
                cluster.crash()
                try cluster.start()
                try cluster.waitForRollout("nginx-statefulset", seconds: 90)
                let after = try started()
                #expect(after.count == 4 + round)
                for (pod, time) in before { #expect(after[pod] == time, "\(pod) was restarted by round \(round)") }
            }
            let restarts = try cluster.kubectl(
                "get", "pods", "-l", "app=nginx-stateful", "-o",
                "jsonpath={.items[*].status.containerStatuses[0].restartCount}")
            let states = try cluster.kubectl(
                "get", "pods", "-o",
                #"jsonpath={range .items[*]}{.metadata.name} {.status.containerStatuses[0]}{"\n"}{end}"#)
            #expect(Set(restarts.split(separator: " ")) == ["0"], "\(states)")
        }
    }

    @Test func downLeavesNothing() throws {
        let cluster = try TestCluster("d", port: 18447)
        defer { cluster.remove() }
        try cluster.importImages(["nginx-1.25.4"])
        try cluster.kubectl("apply", "-f", Machine.manifest("stateless-claims"))
        try cluster.waitForRollout("nginx-statefulset")
        // A node that could not see these containers does not start beside them.
        cluster.interrupt()
        let other = try run(
            Machine.ordinal,
            ["up", "--data-dir", cluster.dataDirectory, "--listen", "127.0.0.1:18447", "--runtime", "simulated"],
            timeout: 20)
        #expect(other.code == 1 && other.errors.contains("ordinal down"), "\(other.errors)")
        try cluster.start()
        try cluster.waitForRollout("nginx-statefulset")
        let began = "jsonpath={.items[*].status.containerStatuses[0].state.running.startedAt}"
        let before = try cluster.kubectl("get", "pods", "-o", began).split(separator: " ")
        try hostPortAnswers(cluster)
        let footprint = try Footprint(cluster)
        let present = try footprint.remains()
        #expect(present.count == 7, "\(present)")
        let outcome = try cluster.down(purge: false)
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(try footprint.remains() == [:])
        #expect(try run("/bin/sh", ["-c", "iptables -t nat -S | grep CNI- || true"]).output == "")

        try cluster.start()
        // The status is the old one until the node has looked: every container must have begun again.
        try cluster.waitUntil("the pods run again") {
            let after = try cluster.kubectl("get", "pods", "-o", began).split(separator: " ")
            return try after.count == 3 && Set(after).isDisjoint(with: before)
                && cluster.kubectl("get", "sts").contains("3/3")
        }
    }

    private func hostPortAnswers(_ cluster: TestCluster) throws {
        try cluster.kubectl(
            "apply", "-f", "-",
            input: """
                apiVersion: v1
                kind: Pod
                metadata: {name: door}
                spec:
                  containers: [{name: nginx, image: "nginx:1.25.4", ports: [{containerPort: 80, hostPort: 18480}]}]
                """)
        try cluster.kubectl("wait", "--for=condition=Ready", "pod/door", "--timeout=60s")
        try cluster.waitUntil("the host port answers") {
            try run("/usr/bin/curl", ["-sS", "http://127.0.0.1:18480/"]).output.contains("nginx")
        }
        try cluster.kubectl("delete", "pod", "door", "--wait=false")
    }

    @Test func downEndsWhatContainerdCannot() throws {
        let cluster = try TestCluster("m", port: 18449)
        defer { cluster.remove() }
        try cluster.importImages(["nginx-1.25.4"])
        try cluster.kubectl("apply", "-f", Machine.manifest("stateless-claims"))
        try cluster.waitForRollout("nginx-statefulset")
        let footprint = try Footprint(cluster)
        cluster.crash()
        // containerd goes with its process, and does not start on what is no database.
        let database = "\(cluster.dataDirectory)/node/containerd/root/io.containerd.metadata.v1.bolt/meta.db"
        try cluster.waitUntil("containerd has ended") {
            try run("/bin/sh", ["-c", "ps axww -o args | grep -c '^[^ ]*containerd -c \(cluster.dataDirectory)'"])
                .output == "0\n"
        }
        try Data("damaged".utf8).write(to: URL(fileURLWithPath: database))
        let outcome = try cluster.down()
        #expect(outcome.code == 1)
        #expect(
            outcome.errors.contains("Nothing is left") && outcome.errors.contains("containerd"), "\(outcome.errors)")
        #expect(try footprint.remains() == [:])
        #expect(!FileManager.default.fileExists(atPath: "\(cluster.dataDirectory)/store.sqlite"))
    }
}

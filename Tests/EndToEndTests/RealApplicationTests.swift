import Foundation
import ObjectModel
import Testing

/// Databases of Debian's packages through what happens to them in a cluster's life. In a soak only: their images are large.
@Suite(
    .serialized,
    .enabled(if: Machine.kubectl != nil, "kubectl is not installed"),
    .enabled(if: Machine.runsContainers, "containers cannot run here (root, containerd, runc or crun, and images)"),
    .enabled(if: Machine.isSoak, "the databases run in `make soak`"))
struct RealApplicationTests {
    // MARK: etcd

    /// What the writer was told to be written, in order.
    private func acknowledged(_ cluster: TestCluster) throws -> [String] {
        try cluster.kubectl("logs", "writer").split(separator: "\n").compactMap { line in
            line.hasPrefix("acknowledged ") ? String(line.dropFirst("acknowledged ".count)) : nil
        }
    }

    /// Waits until the writer got on by `count` keys: the quorum takes writes.
    private func writerGetsOn(_ cluster: TestCluster, by count: Int = 20) throws {
        let before = try acknowledged(cluster).count
        try cluster.waitUntil("the writer gets on") { try acknowledged(cluster).count >= before + count }
    }

    private func etcdctl(_ cluster: TestCluster, _ arguments: String...) throws -> String {
        let outcome = try cluster.tryKubectl(["exec", "writer", "--", "etcdctl", "--command-timeout=10s"] + arguments)
        try #require(outcome.code == 0, "etcdctl \(arguments.joined(separator: " ")): \(outcome.errors)")
        return outcome.output
    }

    @Test func etcdKeepsItsQuorumAndEveryAcknowledgedWrite() throws {
        let cluster = try TestCluster("etcd", port: 17471)
        defer { cluster.remove() }
        try cluster.importImages(["etcd-3.4"])
        try cluster.kubectl("apply", "-f", Machine.manifest("etcd"))
        try cluster.waitForRollout("etcd", seconds: 120)
        try writerGetsOn(cluster)
        #expect(try etcdctl(cluster, "member", "list").split(separator: "\n").count == 3)

        // A rolling update, one member at a time, under the writer.
        try cluster.kubectl("rollout", "restart", "statefulset/etcd")
        try cluster.waitForRollout("etcd", seconds: 180)
        try writerGetsOn(cluster)

        // A broken image: one member is away, the others go on; going back frees it.
        try cluster.kubectl("set", "image", "statefulset/etcd", "etcd=etcd:broken")
        try cluster.waitUntil("a member has no image") {
            let pods = try cluster.json("get", "pods", "-l", "app=etcd")["items"]?.array ?? []
            return pods.contains { pod in
                let waiting = pod["status", "containerStatuses"]?.array?.first?["state", "waiting", "reason"]?.string
                return ["ErrImagePull", "ImagePullBackOff"].contains(waiting ?? "")
            }
        }
        try writerGetsOn(cluster)
        try cluster.kubectl("rollout", "undo", "statefulset/etcd")
        try cluster.waitForRollout("etcd", seconds: 180)

        // Members go at random; each is back, with its data, before the next.
        for _ in 0..<Machine.crashRounds / 4 {
            try cluster.kubectl("delete", "pod", "etcd-\(Int.random(in: 0..<3))")
            try cluster.waitForRollout("etcd", seconds: 120)
            try writerGetsOn(cluster)
        }

        let told = try acknowledged(cluster)
        let kept = Set(
            try etcdctl(cluster, "get", "--prefix", "key-", "--keys-only").split(separator: "\n").map(String.init))
        #expect(told.count > 100)
        #expect(told.filter { !kept.contains($0) }.isEmpty, "acknowledged and lost")
        let restarts = try cluster.kubectl(
            "get", "pods", "-o", "jsonpath={.items[*].status.containerStatuses[0].restartCount}")
        #expect(restarts == "0 0 0 0")
    }

    // MARK: PostgreSQL

    private func sql(_ cluster: TestCluster, _ command: String) throws -> String {
        try cluster.kubectl("exec", "postgres-0", "--", "psql", "-h", "/tmp", "-U", "postgres", "-Atc", command)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test func postgresKeepsItsData() throws {
        let cluster = try TestCluster("postgres", port: 17472)
        defer { cluster.remove() }
        try cluster.importImages(["postgres-15"])
        try cluster.kubectl("apply", "-f", Machine.manifest("postgres"))
        try cluster.waitForRollout("postgres", seconds: 120)
        _ = try sql(cluster, "create table t (i int primary key, word text)")
        _ = try sql(cluster, "insert into t select i, md5(i::text) from generate_series(1, 10000) i")
        let sum = "select count(*) || ' ' || md5(string_agg(word, ',' order by i)) from t"
        let before = try sql(cluster, sum)
        #expect(before.hasPrefix("10000 "))

        try cluster.kubectl("delete", "pod", "postgres-0")
        try cluster.waitForRollout("postgres", seconds: 120)
        #expect(try sql(cluster, sum) == before)

        try cluster.kubectl("scale", "statefulset/postgres", "--replicas=0")
        try cluster.kubectl("wait", "--for=delete", "pod/postgres-0", "--timeout=60s", timeout: 70)
        try cluster.kubectl("scale", "statefulset/postgres", "--replicas=1")
        try cluster.waitForRollout("postgres", seconds: 120)
        #expect(try sql(cluster, sum) == before)

        // Everything: pods, network and runtime; then only the program, with the server running on.
        try cluster.down(purge: false)
        try cluster.start()
        try cluster.waitForRollout("postgres", seconds: 120)
        #expect(try sql(cluster, sum) == before)
        let began = "select pg_postmaster_start_time()"
        let running = try sql(cluster, began)
        cluster.crash()
        try cluster.start()
        #expect(try sql(cluster, began) == running)
        #expect(try sql(cluster, sum) == before)
    }
}

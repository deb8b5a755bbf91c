import Foundation
import ObjectModel
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a client was told is written is on the disk: shown with a disk that fails.
@Suite(
    .serialized,
    .enabled(if: Machine.kubectl != nil, "kubectl is not installed"),
    .enabled(if: Machine.isRoot && Machine.find("strace") != nil, "strace cannot look into a process here"))
struct DurabilityTests {
    /// Runs `body` while every fdatasync and fsync of the process is told that the disk failed; returns how often it asked.
    private func withFailingDisk(_ cluster: TestCluster, _ body: () throws -> Void) throws -> Int {
        let trace = "\(cluster.dataDirectory)/trace"
        let pid = try #require(cluster.pid)
        let strace = try #require(Machine.find("strace"))
        // Started by Python, which gives it none of the descriptors by which Foundation notices the end of its child.
        let begin =
            "import subprocess, sys; "
            + "print(subprocess.Popen(sys.argv[2:], stdin=-3, stdout=-3, stderr=open(sys.argv[1], 'w')).pid)"
        let watcher = try run(
            "/usr/bin/env",
            [
                "python3", "-c", begin, "\(trace).told", strace, "-f", "-p", "\(pid)", "-e", "trace=fdatasync,fsync",
                "-e",
                "inject=fdatasync,fsync:error=EIO", "-o", trace,
            ]
        ).output.trimmingCharacters(in: .whitespacesAndNewlines)
        defer { _ = try? run("/bin/kill", ["-9", watcher]) }
        // It says so when it has hold of the process.
        try cluster.waitUntil("strace is attached", seconds: 20) {
            (try? String(contentsOfFile: "\(trace).told", encoding: .utf8))?.contains("attached") == true
        }
        try body()
        return (try String(contentsOfFile: trace, encoding: .utf8)).split(separator: "\n").count {
            $0.contains("fdatasync(") || $0.contains("fsync(")
        }
    }

    @Test func noWriteIsAcknowledgedThatIsNotOnTheDisk() throws {
        let cluster = try TestCluster("disk", port: 17473, arguments: ["--runtime", "simulated"])
        defer { cluster.remove() }
        try cluster.kubectl("create", "configmap", "before", "--from-literal=a=1")
        let asked = try withFailingDisk(cluster) {
            let refused = try cluster.tryKubectl(["create", "configmap", "during", "--from-literal=a=1"])
            #expect(refused.code != 0, "acknowledged without a disk: \(refused.output)")
            // As in a power loss.
            cluster.crash()
        }
        #expect(asked > 0)
        try cluster.start()
        #expect(try cluster.kubectl("get", "configmap", "before", "-o", "jsonpath={.data.a}") == "1")
        try cluster.kubectl("create", "configmap", "after", "--from-literal=a=1")
        let names = try cluster.kubectl("get", "configmaps", "-o", "jsonpath={.items[*].metadata.name}")
        #expect(names.contains("after"))
    }
}

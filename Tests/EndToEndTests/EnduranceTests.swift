import Foundation
import ObjectModel
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What happens to pods, claims and data when parts of a node are killed.
@Suite(
    .serialized,
    .enabled(if: Machine.kubectl != nil, "kubectl is not installed"),
    .enabled(if: Machine.runsContainers, "containers cannot run here (root, containerd, runc or crun, and images)"))
struct EnduranceTests {
    /// A part that may die, and how its processes are found.
    enum Part: String, CaseIterable {
        case containerd, shim, pause, container
    }

    private static let page = "/usr/share/nginx/html/mark"

    /// Three pods with a mark of their own in each claim.
    private func withMarkedSet(_ name: String, port: Int, _ body: (TestCluster) throws -> Void) throws {
        let cluster = try TestCluster(name, port: port)
        defer { cluster.remove() }
        try cluster.importImages(["nginx-latest"])
        try cluster.kubectl("create", "namespace", "mytest")
        try cluster.kubectl("apply", "-f", Machine.manifest("storage-class"))
        try cluster.kubectl("apply", "-f", Machine.manifest("with-claims"))
        try cluster.waitForRollout("mystatefulset", namespace: "mytest")
        for ordinal in 0..<3 {
            try inPod(cluster, ordinal, "echo mark-\(ordinal) > \(Self.page)")
        }
        try body(cluster)
    }

    @discardableResult
    private func inPod(_ cluster: TestCluster, _ ordinal: Int, _ command: String) throws -> String {
        try cluster.kubectl("exec", "-n", "mytest", "mystatefulset-\(ordinal)", "--", "sh", "-c", command)
    }

    /// Of each pod its uid and when its container began; only of pods that are ready.
    private func ready(_ cluster: TestCluster) throws -> [String: (uid: String, began: String)] {
        var found: [String: (String, String)] = [:]
        for pod in try cluster.json("get", "pods", "-n", "mytest", "-l", "app=nginx")["items"]?.array ?? [] {
            let isReady = pod["status", "conditions"]?.array?.contains {
                $0["type"] == "Ready" && $0["status"] == "True"
            }
            let began = pod["status", "containerStatuses"]?.array?.first?["state", "running", "startedAt"]?.string
            if isReady == true, let began { found[pod.name] = (pod.uid, began) }
        }
        return found
    }

    private func checkMarks(_ cluster: TestCluster) throws {
        for ordinal in 0..<3 {
            let mark = try inPod(cluster, ordinal, "cat \(Self.page)")
            #expect(mark == "mark-\(ordinal)\n")
        }
        #expect(try cluster.kubectl("get", "pvc", "-n", "mytest", "-o", "name").split(separator: "\n").count == 3)
    }

    @Test func whateverIsKilledComesBackWithItsData() throws {
        try withMarkedSet("e", port: 18448) { cluster in
            for part in Part.allCases {
                let before = try ready(cluster)
                try #require(before.count == 3)
                let victim = try #require(NodeProcesses(cluster).first(part), "no \(part) runs")
                // Times have seconds only.
                usleep(1_100_000)
                #expect(kill(victim, SIGKILL) == 0)
                try cluster.waitUntil("the set is back after the \(part) was killed") {
                    let after = try ready(cluster)
                    let changed = after.filter { before[$0.key]?.began != $0.value.began }.count
                    let isReplaced = try NodeProcesses(cluster).first(part).map { $0 != victim } ?? false
                    return after.count == 3 && isReplaced && (part == .containerd || changed == 1)
                }
                let after = try ready(cluster)
                #expect(after.mapValues(\.uid) == before.mapValues(\.uid), "\(part)")
                try checkMarks(cluster)
            }
        }
    }

    /// Everything ends at once, and what lies in memory is gone.
    @Test func aRebootLeavesNamesClaimsAndData() throws {
        try withMarkedSet("r", port: 18449) { cluster in
            let before = try ready(cluster)
            cluster.crash()
            usleep(1_100_000)
            try NodeProcesses(cluster).loseEverythingInMemory()
            try cluster.start()
            try cluster.waitUntil("the set is back after the reboot") {
                let after = try ready(cluster)
                return after.count == 3 && after.allSatisfy { before[$0.key]?.began != $0.value.began }
            }
            #expect(try ready(cluster).mapValues(\.uid) == before.mapValues(\.uid))
            try checkMarks(cluster)
            try cluster.kubectl("delete", "pod", "-n", "mytest", "mystatefulset-2")
            try cluster.waitUntil("pods still can be replaced") {
                try ready(cluster)["mystatefulset-2"].map { $0.uid != before["mystatefulset-2"]?.uid } ?? false
            }
        }
    }
}

/// The processes of one cluster's containerd, and of the containers below it.
private struct NodeProcesses {
    private struct Entry {
        let pid: Int32
        let parent: Int32
        let name: String
        let arguments: String
    }

    private let entries: [Entry]
    private let directory: String

    init(_ cluster: TestCluster) throws {
        directory = cluster.dataDirectory
        entries = try run("/bin/ps", ["-eo", "pid=,ppid=,comm=,args="]).lines.compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: true)
            guard parts.count == 4, let pid = Int32(parts[0]), let parent = Int32(parts[1]) else { return nil }
            return Entry(pid: pid, parent: parent, name: String(parts[2]), arguments: String(parts[3]))
        }
    }

    private var containerd: [Entry] { entries.filter { $0.name == "containerd" && $0.arguments.contains(directory) } }
    private var shims: [Entry] {
        entries.filter { $0.name.hasPrefix("containerd-shim") && $0.arguments.contains(directory) }
    }
    private func children(_ of: [Entry]) -> [Entry] {
        let parents = Set(of.map(\.pid))
        return entries.filter { parents.contains($0.parent) }
    }

    func first(_ part: EnduranceTests.Part) -> Int32? {
        switch part {
        case .containerd: containerd.first?.pid
        case .shim: shims.map(\.pid).min()
        case .pause: children(shims).filter { $0.name == "pause" }.map(\.pid).min()
        case .container: children(shims).filter { $0.name != "pause" }.map(\.pid).min()
        }
    }

    /// What a reboot does: every process ends, mounts and network are gone, and so are files in memory.
    func loseEverythingInMemory() throws {
        let containers = children(shims)
        for entry in containerd + shims + containers + children(containers) { kill(entry.pid, SIGKILL) }
        usleep(300_000)
        let state = try run("/usr/bin/find", [directory, "-maxdepth", "3", "-type", "d", "-name", "state"]).lines
        try #require(state.count == 1, "\(state)")
        // Some mounts lie above others of the same place.
        for _ in 0..<20 {
            let mounts = try mounts()
            if mounts.isEmpty { break }
            for mount in mounts.reversed() { try run("/bin/umount", ["-l", mount]) }
            for mount in mounts where mount.contains("/netns/cni-") {
                try? FileManager.default.removeItem(atPath: mount)
            }
        }
        try #require(try mounts().isEmpty)
        try FileManager.default.removeItem(atPath: state[0])
        for link in try run("/bin/sh", ["-c", "ip -o link | grep -o 'ord-[^:@ ]*' | sort -u"]).lines {
            try run("/bin/sh", ["-c", "ip link delete \(link)"])
        }
        let addresses = "ip -4 -o addr show dev lo | grep -o '10[.][0-9./]*'"
        try run("/bin/sh", ["-c", "\(addresses) | xargs -rn1 ip addr del dev lo"])
        try run("/bin/sh", ["-c", "nft list tables | grep ord | while read -r table; do nft delete $table; done"])
    }

    private func mounts() throws -> [String] {
        // Foundation reads only a piece of files whose size it does not know.
        try run("/bin/cat", ["/proc/mounts"]).lines
            .compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) }
            .filter { $0.contains(directory) }
    }
}

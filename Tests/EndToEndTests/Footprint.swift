import Foundation
import Testing

/// Everything that a cluster with containers has on this machine outside of its data directory.
struct Footprint {
    private let id: String
    private let dataDirectory: String

    /// Of a cluster that runs.
    init(_ cluster: TestCluster) throws {
        dataDirectory = cluster.dataDirectory
        // The only one in this network namespace.
        let bridge = try run("/bin/sh", ["-c", "ip -o link | grep -o 'ord-[0-9a-f]*' | head -1"]).output
        id = String(bridge.dropFirst("ord-".count).prefix(6))
        try #require(id.count == 6, "\(bridge)")
    }

    /// What is there of it, by sort. With a pod and its host port all seven are.
    func remains() throws -> [String: String] {
        let looks = [
            "bridge": "ip -o link | grep 'ord-\(id)'",
            "addresses": "ip -o -4 addr | grep -E ' (10\\.244\\.|10\\.96\\.)'",
            "rules": "nft list tables | grep '\(id)'",
            "host port chains": "iptables -t nat -S | grep CNI-HOSTPORT",
            "mounts": "grep -F '\(dataDirectory)' /proc/mounts",
            "processes": "ps axww -o args | grep -F '\(dataDirectory)' | grep -v grep",
            "cgroups": Self.cgroups(id),
        ]
        var found: [String: String] = [:]
        for (sort, command) in looks {
            let output = try run("/bin/sh", ["-c", "\(command) || true"]).output
            if !output.isEmpty { found[sort] = output }
        }
        return found
    }

    /// Also in the hierarchy of hugetlb: `ordinal up` mounts it where nobody else does, and without a mount nobody sees it.
    private static func cgroups(_ id: String) -> String {
        """
        d=$(mktemp -d); mount -t cgroup -o hugetlb cgroup $d 2>/dev/null
        find /sys/fs/cgroup $d -maxdepth 2 -name 'ordinal-\(id)'
        umount $d 2>/dev/null; rmdir $d
        """
    }
}

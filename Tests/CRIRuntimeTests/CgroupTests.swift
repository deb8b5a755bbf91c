import NodeInterfaces
import Testing

@testable import CRIRuntime

@Suite struct CgroupTests {
    static let hybrid = """
        tmpfs /sys/fs/cgroup tmpfs ro,nosuid 0 0
        cgroup2 /sys/fs/cgroup/unified cgroup2 rw,nosuid,nodev 0 0
        cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,nodev,noexec,relatime,cpu,cpuacct 0 0
        cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
        cgroup /elsewhere/memory cgroup rw,relatime,memory 0 0
        """
    static let unified = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev 0 0\n"

    @Test func hierarchiesAreFoundOnce() {
        let mounts = CgroupMounts(mounts: Self.hybrid)
        #expect(mounts.path(of: "cpu") == "/sys/fs/cgroup/cpu,cpuacct")
        #expect(mounts.path(of: "memory") == "/sys/fs/cgroup/memory")
        #expect(mounts.path(of: "hugetlb") == nil)
        #expect(mounts.all.count == 3)
    }

    @Test(arguments: [
        (hybrid, "", "crun"), (hybrid, "hugetlb\n", "runc"), (unified, "cpu memory pids\n", "crun"),
    ])
    func crunIsTakenUnlessControllersAreMixed(mounts: String, unifiedControllers: String, expected: String) {
        let choice = LowLevelRuntime.choose(
            crun: "/usr/bin/crun", runc: "/usr/sbin/runc", mounts: CgroupMounts(mounts: mounts),
            unifiedControllers: unifiedControllers)
        #expect(choice?.name == expected)
    }

    @Test func withoutAnyProgramThereIsNoChoice() {
        let mounts = CgroupMounts(mounts: Self.unified)
        #expect(LowLevelRuntime.choose(crun: nil, runc: nil, mounts: mounts, unifiedControllers: "") == nil)
        #expect(LowLevelRuntime.choose(crun: nil, runc: "/r", mounts: mounts, unifiedControllers: "")?.name == "runc")
    }

    @Test func limitsBecomeFilesOfTheRightVersion() {
        let limits = ResourceLimits(cpuShares: 1024, cpuQuotaMicroseconds: 50_000, memoryBytes: 1 << 20)
        let old = PodCgroup.settings(limits, path: "/o/p", in: CgroupMounts(mounts: Self.hybrid))
        #expect(
            old.map { "\($0.folder)/\($0.file)=\($0.value)" } == [
                "/sys/fs/cgroup/memory/o/p/memory.limit_in_bytes=1048576",
                "/sys/fs/cgroup/cpu,cpuacct/o/p/cpu.shares=1024",
                "/sys/fs/cgroup/cpu,cpuacct/o/p/cpu.cfs_quota_us=50000",
            ])
        let new = PodCgroup.settings(limits, path: "/o/p", in: CgroupMounts(mounts: Self.unified))
        #expect(
            new.map { "\($0.file)=\($0.value)" } == [
                "memory.max=1048576", "cpu.weight=39", "cpu.max=50000 100000",
            ])
        #expect(PodCgroup.settings(ResourceLimits(), path: "/o", in: CgroupMounts(mounts: Self.unified)).isEmpty)
    }

    @Test func onlyMountsBelowTheFolderAreOurs() {
        let mounts = """
            overlay /data/state/rootfs overlay rw 0 0
            overlay /data2/state overlay rw 0 0
            tmpfs /data tmpfs rw 0 0
            shm /data/with\\040space tmpfs rw 0 0
            """
        #expect(KernelLeftovers.mounts(below: "/data", in: mounts) == ["/data/state/rootfs", "/data/with space"])
    }
}

package import Logging
package import Processes

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A private containerd as a supervised child.
///
/// It ends with SIGTERM when this process ends, however it ends; pods and their shims stay, and the next one adopts them.
/// Write the CNI configuration before `run`.
package final class ContainerdProcess: Sendable {
    /// Debian's containerd.
    package static let program = SystemProgram(name: "containerd", debianPackage: "containerd")
    private static let ctr = SystemProgram(name: "ctr", debianPackage: "containerd")
    private static let crun = SystemProgram(name: "crun", debianPackage: "crun")
    private static let runc = SystemProgram(name: "runc", debianPackage: "runc")
    /// How long the log may be at a start before it is put aside, in bytes.
    private static let logLimit = 10 << 20
    private static let longestBackOff = Duration.seconds(10)

    /// Where it keeps everything.
    package let layout: ContainerdLayout
    private let child: BoundChild
    private let logger: Logger

    /// Writes the folders and the configuration, with the CNI plugins of `pluginDirectory`. Throws when a program is
    /// missing (it is named) or a file cannot be written.
    package init(
        layout: ContainerdLayout, pluginDirectory: String = "/usr/lib/cni", logger: Logger
    ) throws(ContainerdError) {
        self.layout = layout
        self.logger = logger
        do {
            _ = try Self.ctr.path()
            child = BoundChild(
                program: try Self.program.path(), arguments: ["-c", layout.configuration], logPath: layout.log)
        } catch { throw .program(error) }
        for folder in layout.folders { try Files.makeFolders(folder) }
        chmod(layout.base, 0o711)
        Self.rotateLog(layout.log)
        let runtime = try Self.lowLevelRuntime(layout)
        let text = ContainerdConfiguration(layout: layout, runtime: runtime, pluginDirectory: pluginDirectory).text
        try Files.write(Array(text.utf8), to: layout.configuration)
        logger.debug("containerd configured", metadata: ["runtime": "\(runtime.path)", "base": "\(layout.base)"])
    }

    /// Runs containerd, again and again with growing pauses when it ends, until the task is cancelled; then stops it
    /// with SIGTERM and returns when it has ended.
    package func run() async {
        var pause = Duration.milliseconds(50)
        while !Task.isCancelled {
            let started = ContinuousClock.now
            let status = await runOnce()
            if Task.isCancelled { return }
            logger.warning("containerd ended", metadata: ["status": "\(status)", "log": "\(layout.log)"])
            // One that ran for a while did not fail at its start.
            let ranLong = ContinuousClock.now - started > .seconds(30)
            pause = ranLong ? .milliseconds(50) : min(pause * 2, Self.longestBackOff)
            try? await Task.sleep(for: pause)
        }
    }

    /// The running containerd's process id; nil while there is none.
    package var processID: Int32? { child.processID }

    private func runOnce() async -> String {
        do { return "\(try await child.run())" } catch { return "\(error)" }
    }

    /// Keeps one former log, so that the two together stay bounded over many starts.
    private static func rotateLog(_ path: String) {
        var status = stat()
        if stat(path, &status) == 0, status.st_size > logLimit { rename(path, path + ".1") }
    }

    /// Prefers crun; where the kernel lets some controllers be v1 and leaves only hugetlb to v2, mounts that as v1 below
    /// our folder, since crun refuses the mixture.
    private static func lowLevelRuntime(_ layout: ContainerdLayout) throws(ContainerdError) -> LowLevelRuntime {
        let crun = try? Self.crun.path()
        let runc = try? Self.runc.path()
        var mounts = CgroupFolders.current().mounts
        if crun != nil, !mounts.versionOne.isEmpty, mounts.path(of: "hugetlb") == nil || isOurs(mounts, layout) {
            try Files.makeFolders(layout.hugetlbHierarchy)
            // A failure leaves the controllers as they are, and runc is chosen.
            _ = mount("cgroup", layout.hugetlbHierarchy, "cgroup", 0, "hugetlb")
            mounts = CgroupFolders.current().mounts
        }
        let unified = mounts.unified.flatMap { Files.text($0 + "/cgroup.controllers") } ?? ""
        guard let choice = LowLevelRuntime.choose(crun: crun, runc: runc, mounts: mounts, unifiedControllers: unified)
        else { throw .program(.missing(Self.runc)) }
        return choice
    }

    /// Whether hugetlb is v1 only through some instance's own mount, which goes when that instance goes.
    private static func isOurs(_ mounts: CgroupMounts, _ layout: ContainerdLayout) -> Bool {
        guard let path = mounts.path(of: "hugetlb") else { return false }
        return !path.hasPrefix("/sys/fs/cgroup/")
            && !KernelLeftovers.mounts(below: layout.base, in: Files.text("/proc/self/mounts") ?? "")
                .contains(layout.hugetlbHierarchy)
    }
}

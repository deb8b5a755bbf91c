import Testing

@testable import CRIRuntime

@Suite struct ContainerdConfigurationTests {
    @Test func everythingIsBelowTheFolderAndTheTrapsAreAvoided() throws {
        let layout = try ContainerdLayout(base: "/data/containerd")
        let runtime = LowLevelRuntime(name: "crun", path: "/usr/bin/crun")
        let text = ContainerdConfiguration(layout: layout, runtime: runtime, pluginDirectory: "/opt/cni/bin").text
        for line in [
            #"root = "/data/containerd/root""#, #"state = "/data/containerd/state""#,
            #"address = "/data/containerd/containerd.sock""#, "restrict_oom_score_adj = true",
            "netns_mounts_under_state_dir = true", #"conf_dir = "/data/containerd/cni/net.d""#,
            #"bin_dir = "/opt/cni/bin""#, #"default_runtime_name = "crun""#, #"BinaryName = "/usr/bin/crun""#,
            #"sandbox_image = "localhost/pause:1""#, "SystemdCgroup = false",
        ] {
            #expect(text.contains(line), "\(line)")
        }
        // Without it CRI does not load.
        #expect(!text.contains("runtime.v1.linux"))
    }

    @Test func aSocketPathThatIsTooLongIsRefused() throws {
        let longest = 107 - "/containerd.sock.ttrpc".utf8.count
        let fits = "/" + String(repeating: "a", count: longest - 1)
        _ = try ContainerdLayout(base: fits)
        #expect(throws: ContainerdError.socketPathTooLong(fits + "a/containerd.sock.ttrpc", limit: 107)) {
            try ContainerdLayout(base: fits + "a")
        }
    }

    @Test(arguments: ["relative/path", "/with\"quote", "/with\nline"])
    func aFolderThatTheConfigurationCannotNameIsRefused(base: String) {
        #expect(throws: ContainerdError.self) { try ContainerdLayout(base: base) }
    }
}

/// The text of a private containerd's configuration file, from nothing but its parameters.
struct ContainerdConfiguration: Sendable, Hashable {
    var layout: ContainerdLayout
    var runtime: LowLevelRuntime
    var pluginDirectory = "/usr/lib/cni"
    var sandboxImage = PauseImage.reference

    var text: String { general + cri }

    private var general: String {
        """
        # Written by ordinal at each start.
        version = 2
        root = "\(layout.root)"
        state = "\(layout.state)"
        oom_score = 0
        disabled_plugins = [
          "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
          "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
          "io.containerd.internal.v1.restart", "io.containerd.internal.v1.opt",
          "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
        ]

        [grpc]
          address = "\(layout.socket)"

        [debug]
          level = "warn"


        """
    }

    // restrict_oom_score_adj: a machine may forbid to lower it, and every sandbox asks for -998.
    private var cri: String {
        let plugin = "io.containerd.grpc.v1.cri"
        return """
            [plugins."\(plugin)"]
              sandbox_image = "\(sandboxImage)"
              disable_apparmor = true
              enable_selinux = false
              tolerate_missing_hugetlb_controller = true
              restrict_oom_score_adj = true
              netns_mounts_under_state_dir = true
              stream_server_address = "127.0.0.1"
              stream_server_port = "0"
              max_container_log_line_size = 16384
              [plugins."\(plugin)".cni]
                bin_dir = "\(pluginDirectory)"
                conf_dir = "\(layout.cniConfiguration)"
                max_conf_num = 1
              [plugins."\(plugin)".containerd]
                snapshotter = "overlayfs"
                default_runtime_name = "\(runtime.name)"
                [plugins."\(plugin)".containerd.runtimes.\(runtime.name)]
                  runtime_type = "io.containerd.runc.v2"
                  [plugins."\(plugin)".containerd.runtimes.\(runtime.name).options]
                    BinaryName = "\(runtime.path)"
                    Root = "\(layout.state)/\(runtime.name)"
                    SystemdCgroup = false
              [plugins."\(plugin)".registry]
                config_path = "\(layout.registries)"

            """
    }
}

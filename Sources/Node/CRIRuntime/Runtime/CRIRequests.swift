internal import NodeInterfaces
internal import ObjectModel
internal import SwiftProtobuf

/// Labels and annotations that the runtime keeps for us, by kubelet's names where it has them.
enum PodLabel {
    static let name = "io.kubernetes.pod.name"
    static let namespace = "io.kubernetes.pod.namespace"
    static let uid = "io.kubernetes.pod.uid"
    static let container = "io.kubernetes.container.name"
    /// Where the pod's cgroup is, so that it can be removed after a restart.
    static let cgroup = "ordinal.dev/cgroup"

    /// Whose pods these are: in a containerd that others use too, only ours are ours to stop.
    static let instance = "ordinal.dev/instance"

    static func labels(of pod: PodIdentity, cgroupParent: String) -> [String: String] {
        [
            name: pod.name.name, namespace: pod.name.namespace, uid: pod.uid,
            instance: instanceName(cgroupParent: cgroupParent),
        ]
    }

    static func instanceName(cgroupParent: String) -> String { String(cgroupParent.drop { $0 == "/" }) }
}

extension SandboxConfig {
    /// The pod's whole cgroup path; empty when the runtime is to choose.
    func cgroupPath(below parent: String) -> String { cgroup.isEmpty ? "" : "\(parent)/\(cgroup)" }

    /// CRI's form.
    func request(cgroupParent: String) -> Runtime_V1_PodSandboxConfig {
        .with { config in
            config.metadata.name = pod.name.name
            config.metadata.namespace = pod.name.namespace
            config.metadata.uid = pod.uid
            config.metadata.attempt = UInt32(clamping: attempt)
            config.hostname = hostname
            config.logDirectory = logDirectory
            if let dns {
                config.dnsConfig.servers = dns.servers
                config.dnsConfig.searches = dns.searches
                config.dnsConfig.options = dns.options
            }
            config.portMappings = portMappings.map(\.request)
            config.labels = labels.merging(PodLabel.labels(of: pod, cgroupParent: cgroupParent)) { _, ours in ours }
            config.annotations = annotations
            let path = cgroupPath(below: cgroupParent)
            if !path.isEmpty { config.annotations[PodLabel.cgroup] = path }
            config.linux.cgroupParent = path
            config.linux.sysctls = sysctls
            config.linux.securityContext.privileged = privileged
            config.linux.securityContext.namespaceOptions = namespaces
            config.linux.securityContext.seccomp.profileType = privileged ? .unconfined : .runtimeDefault
        }
    }

    var namespaces: Runtime_V1_NamespaceOption {
        .with { options in
            options.network = hostNetwork ? .node : .pod
            options.pid = hostPID ? .node : shareProcessNamespace ? .pod : .container
            options.ipc = hostIPC ? .node : .pod
        }
    }
}

extension HostPortMapping {
    fileprivate var request: Runtime_V1_PortMapping {
        .with { mapping in
            mapping.containerPort = Int32(clamping: containerPort)
            mapping.hostPort = Int32(clamping: hostPort)
            mapping.hostIp = hostIP
            mapping.protocol = networkProtocol == "UDP" ? .udp : networkProtocol == "SCTP" ? .sctp : .tcp
        }
    }
}

extension ContainerConfig {
    /// CRI's form.
    func request(in sandbox: SandboxConfig, cgroupParent: String) -> Runtime_V1_ContainerConfig {
        .with { config in
            config.metadata.name = name
            config.metadata.attempt = UInt32(clamping: attempt)
            config.image.image = image
            config.command = command
            config.args = arguments
            config.workingDir = workingDirectory
            config.envs = environment.map { variable in
                .with {
                    $0.key = variable.name
                    $0.value.append(contentsOf: Array(variable.value.utf8))
                }
            }
            config.mounts = mounts.map { mount in
                .with {
                    $0.hostPath = mount.hostPath
                    $0.containerPath = mount.containerPath
                    $0.readonly = mount.readOnly
                    $0.propagation = mount.propagation.request
                }
            }
            config.labels = labels.merging(PodLabel.labels(of: pod, cgroupParent: cgroupParent)) { _, ours in ours }
            config.labels[PodLabel.container] = name
            config.annotations = annotations
            config.logPath = logPath
            config.stdin = stdin
            config.stdinOnce = stdinOnce
            config.tty = tty
            config.linux.resources = limits.request
            config.linux.securityContext = security.request
            config.linux.securityContext.namespaceOptions = sandbox.namespaces
        }
    }
}

extension ResourceLimits {
    fileprivate var request: Runtime_V1_LinuxContainerResources {
        .with { resources in
            resources.cpuShares = cpuShares ?? 0
            if let quota = cpuQuotaMicroseconds {
                resources.cpuQuota = quota
                resources.cpuPeriod = 100_000
            }
            resources.memoryLimitInBytes = memoryBytes ?? 0
            resources.oomScoreAdj = Int64(max(0, oomScoreAdjust))
        }
    }
}

extension ContainerSecurity {
    // What a container must not see or change of the kernel; the list that Docker and kubelet use.
    private static let maskedPaths = [
        "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
        "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
        "/sys/devices/virtual/powercap",
    ]
    private static let readOnlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

    fileprivate var request: Runtime_V1_LinuxContainerSecurityContext {
        .with { context in
            context.privileged = privileged
            if let runAsUser { context.runAsUser.value = runAsUser }
            context.runAsUsername = runAsUserName
            if let runAsGroup { context.runAsGroup.value = runAsGroup }
            context.supplementalGroups = supplementalGroups
            context.readonlyRootfs = readOnlyRootFilesystem
            context.capabilities.addCapabilities = addCapabilities
            context.capabilities.dropCapabilities = dropCapabilities
            context.noNewPrivs = noNewPrivileges
            context.maskedPaths = privileged ? [] : Self.maskedPaths
            context.readonlyPaths = privileged ? [] : Self.readOnlyPaths
            context.seccomp = (privileged ? .unconfined : seccomp).request
        }
    }
}

extension SeccompProfile {
    fileprivate var request: Runtime_V1_SecurityProfile {
        .with { profile in
            switch self {
            case .runtimeDefault: profile.profileType = .runtimeDefault
            case .unconfined: profile.profileType = .unconfined
            case .localhost(let path):
                profile.profileType = .localhost
                profile.localhostRef = path
            }
        }
    }
}

extension MountPropagation {
    fileprivate var request: Runtime_V1_MountPropagation {
        switch self {
        case .none: .propagationPrivate
        case .hostToContainer: .propagationHostToContainer
        case .bidirectional: .propagationBidirectional
        }
    }
}

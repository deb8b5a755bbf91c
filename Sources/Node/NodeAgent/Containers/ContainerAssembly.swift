internal import Kinds
internal import NodeInterfaces
internal import ObjectModel

/// Makes what the runtime is told of a pod and its containers: pure, from everything collected before.
struct ContainerAssembly {
    let pod: AgentPod
    let configuration: NodeAgentConfiguration
    let naming: PodNaming

    private var paths: PodPaths { PodPaths(pod: pod.identity, configuration: configuration) }
    private var spec: PodSpecView { pod.view.spec }

    private var podLabels: [String: String] {
        [
            RuntimeKeys.podName: pod.key.name, RuntimeKeys.podNamespace: pod.key.namespace,
            RuntimeKeys.podUID: pod.uid,
        ]
    }

    /// The sandbox with the number `attempt`.
    func sandbox(attempt: Int) -> SandboxConfig {
        var config = SandboxConfig(
            pod: pod.identity, attempt: attempt, hostname: naming.hostname, logDirectory: paths.logs)
        config.labels = pod.view.metadata.labels.merging(podLabels) { $1 }
        config.annotations = pod.view.metadata.annotations
        config.annotations[RuntimeKeys.gracePeriod] = String(spec.terminationGracePeriodSeconds)
        config.dns = naming.resolver
        config.hostNetwork = spec.hostNetwork
        config.hostPID = spec.hostPID
        config.hostIPC = spec.hostIPC
        config.shareProcessNamespace = spec.shareProcessNamespace
        config.privileged = pod.allContainers.contains { $0.securityContext?.flag("privileged") ?? false }
        if !spec.hostNetwork {
            config.portMappings = spec.hostPorts.map {
                HostPortMapping(
                    containerPort: $0.containerPort, hostPort: $0.hostPort, networkProtocol: $0.transport,
                    hostIP: $0.hostIP)
            }
        }
        for setting in spec.securityContext?.items("sysctls") ?? [] {
            config.sysctls[setting.text("name")] = setting.text("value")
        }
        config.limits = ContainerLimits.ofPod(spec)
        config.cgroup = cgroup
        return config
    }

    /// kubelet's layout: guaranteed pods directly below the root, others below their quality.
    private var cgroup: String {
        guard !configuration.cgroupRoot.isEmpty else { return "" }
        switch QualityOfService(spec) {
        case .guaranteed: return "\(configuration.cgroupRoot)/pod\(pod.uid)"
        case .burstable: return "\(configuration.cgroupRoot)/burstable/pod\(pod.uid)"
        case .bestEffort: return "\(configuration.cgroupRoot)/besteffort/pod\(pod.uid)"
        }
    }

    /// An instance of a container. `image` is the reference the runtime takes; `mounts` are the volumes' and the
    /// pod's own files.
    func container(
        _ container: ContainerView, attempt: Int, image: ImageStatus,
        environment: [(name: String, value: String)], mounts: [ContainerMount]
    ) throws(ConfigurationError) -> ContainerConfig {
        let variables = Dictionary(environment.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        var config = ContainerConfig(
            pod: pod.identity, name: container.name, attempt: attempt, image: container.image,
            logPath: PodPaths.logName(container.name, attempt: attempt))
        config.command = container.command.map { Expansion.expand($0, with: variables) }
        config.arguments = container.arguments.map { Expansion.expand($0, with: variables) }
        config.workingDirectory = container.workingDirectory
        config.environment = environment
        config.mounts = mounts
        config.labels = podLabels
        config.labels[RuntimeKeys.containerName] = container.name
        config.annotations = [
            RuntimeKeys.containerHash: ContainerHash.of(container), RuntimeKeys.restartCount: String(attempt),
            RuntimeKeys.terminationMessagePath: container.terminationMessagePath,
            RuntimeKeys.terminationMessagePolicy: container.terminationMessagePolicy,
            RuntimeKeys.gracePeriod: String(spec.terminationGracePeriodSeconds),
        ]
        if !container.terminationMessagePath.isEmpty {
            config.annotations[RuntimeKeys.terminationMessageFile] = paths.terminationMessage(
                container.name, attempt: attempt)
        }
        config.stdin = container.stdin
        config.stdinOnce = container.stdinOnce
        config.tty = container.tty
        config.limits = ContainerLimits.of(
            container, pod: spec, memoryCapacity: configuration.capacity.memoryBytes)
        config.security = try SecuritySettings.of(container, pod: pod, image: image)
        return config
    }

    /// The mounts of a container: its volumes (whose host paths are in `volumes`), the hosts file unless it mounts one
    /// itself, and the file for its last words. `subPath` tells where a path in a volume is on the host.
    func mounts(
        of container: ContainerView, attempt: Int, volumes: [String: String],
        environment: [(name: String, value: String)],
        subPath: (_ below: String, _ root: String) throws(ConfigurationError) -> String
    ) throws(ConfigurationError) -> [ContainerMount] {
        let variables = Dictionary(environment.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        let readOnly = Set(spec.volumes.filter(\.isReadOnly).map(\.name))
        var mounts: [ContainerMount] = []
        for mount in container.volumeMounts {
            guard var path = volumes[mount.name] else {
                throw ConfigurationError("cannot find volume \"\(mount.name)\" to mount into container")
            }
            let below =
                mount.subPathExpression.isEmpty
                ? mount.subPath : Expansion.expand(mount.subPathExpression, with: variables)
            if !below.isEmpty {
                do throws(ConfigurationError) {
                    path = try subPath(below, path)
                } catch {
                    throw ConfigurationError(
                        "failed to prepare subPath for volumeMount \"\(mount.name)\" of container "
                            + "\"\(container.name)\": \(error.description)")
                }
            }
            mounts.append(
                ContainerMount(
                    hostPath: path, containerPath: mount.mountPath,
                    readOnly: mount.readOnly || readOnly.contains(mount.name),
                    propagation: MountPropagation(rawValue: mount.mountPropagation) ?? .none))
        }
        if !mounts.contains(where: { $0.containerPath == "/etc/hosts" }) {
            mounts.append(ContainerMount(hostPath: paths.hostsFile, containerPath: "/etc/hosts", readOnly: false))
        }
        if !container.terminationMessagePath.isEmpty {
            mounts.append(
                ContainerMount(
                    hostPath: paths.terminationMessage(container.name, attempt: attempt),
                    containerPath: container.terminationMessagePath, readOnly: false))
        }
        return mounts
    }
}

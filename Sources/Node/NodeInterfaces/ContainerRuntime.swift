package import APIProtocol
package import ObjectModel

/// Which pod a sandbox belongs to.
package struct PodIdentity: Sendable, Hashable {
    /// Namespace and name.
    package let name: NamespacedName
    /// The pod's uid.
    package let uid: String

    /// A pod's identity.
    package init(name: NamespacedName, uid: String) {
        self.name = name
        self.uid = uid
    }
}

/// A host port that leads to a container's port.
package struct HostPortMapping: Sendable, Hashable {
    /// The port in the pod.
    package var containerPort: Int
    /// The port on the host.
    package var hostPort: Int
    /// TCP, UDP or SCTP.
    package var networkProtocol: String
    /// The address on the host; empty is all.
    package var hostIP: String

    /// A mapping.
    package init(containerPort: Int, hostPort: Int, networkProtocol: String, hostIP: String) {
        self.containerPort = containerPort
        self.hostPort = hostPort
        self.networkProtocol = networkProtocol
        self.hostIP = hostIP
    }
}

/// The resolver configuration of a pod.
package struct PodDNSConfig: Sendable, Hashable {
    /// The servers' addresses.
    package var servers: [String]
    /// The search domains.
    package var searches: [String]
    /// Options such as `ndots:5`.
    package var options: [String]

    /// A resolver configuration.
    package init(servers: [String], searches: [String], options: [String]) {
        self.servers = servers
        self.searches = searches
        self.options = options
    }
}

/// Limits of a container or a pod. Nil leaves a limit off.
package struct ResourceLimits: Sendable, Hashable {
    /// Relative CPU weight (cgroup v1 shares).
    package var cpuShares: Int64?
    /// CPU time per 100 ms period, in microseconds.
    package var cpuQuotaMicroseconds: Int64?
    /// Memory in bytes.
    package var memoryBytes: Int64?
    /// How readily the kernel's OOM killer takes it; never below 0 here.
    package var oomScoreAdjust: Int

    /// Limits.
    package init(
        cpuShares: Int64? = nil, cpuQuotaMicroseconds: Int64? = nil, memoryBytes: Int64? = nil,
        oomScoreAdjust: Int = 0
    ) {
        self.cpuShares = cpuShares
        self.cpuQuotaMicroseconds = cpuQuotaMicroseconds
        self.memoryBytes = memoryBytes
        self.oomScoreAdjust = oomScoreAdjust
    }
}

/// What a sandbox (the pod's namespaces and its pause process) is made from.
package struct SandboxConfig: Sendable, Hashable {
    /// The pod.
    package var pod: PodIdentity
    /// Counts the sandboxes of a pod from 0.
    package var attempt: Int
    /// The host name inside.
    package var hostname: String
    /// The host's directory for the pod's logs.
    package var logDirectory: String
    /// The resolver; nil copies the host's.
    package var dns: PodDNSConfig?
    /// Host ports.
    package var portMappings: [HostPortMapping]
    /// Labels that the runtime keeps and lists.
    package var labels: [String: String]
    /// Annotations that the runtime keeps and lists.
    package var annotations: [String: String]
    /// The pod's cgroup below the agent's parent, such as `kubepods/burstable/podUID`.
    package var cgroup: String
    /// The pod's limits.
    package var limits: ResourceLimits
    /// Use the host's network.
    package var hostNetwork: Bool
    /// Use the host's processes.
    package var hostPID: Bool
    /// Use the host's IPC.
    package var hostIPC: Bool
    /// The containers see each other's processes.
    package var shareProcessNamespace: Bool
    /// Whether a container in it is privileged.
    package var privileged: Bool
    /// Kernel settings of the pod's namespaces.
    package var sysctls: [String: String]

    /// A sandbox with the usual settings.
    package init(pod: PodIdentity, attempt: Int, hostname: String, logDirectory: String) {
        self.pod = pod
        self.attempt = attempt
        self.hostname = hostname
        self.logDirectory = logDirectory
        portMappings = []
        labels = [:]
        annotations = [:]
        cgroup = ""
        limits = ResourceLimits()
        hostNetwork = false
        hostPID = false
        hostIPC = false
        shareProcessNamespace = false
        privileged = false
        sysctls = [:]
    }
}

/// Whether mounts that are made below a mount later are seen on the other side: a volumeMount's `mountPropagation`.
package enum MountPropagation: String, Sendable, Hashable {
    /// Neither way.
    case none = "None"
    /// The host's are seen in the container.
    case hostToContainer = "HostToContainer"
    /// Both ways.
    case bidirectional = "Bidirectional"
}

/// A bind mount into a container.
package struct ContainerMount: Sendable, Hashable {
    /// The path on the host; it exists.
    package var hostPath: String
    /// The path in the container.
    package var containerPath: String
    /// Whether it is read-only.
    package var readOnly: Bool
    /// What becomes of later mounts below it.
    package var propagation: MountPropagation

    /// A mount.
    package init(
        hostPath: String, containerPath: String, readOnly: Bool, propagation: MountPropagation = .none
    ) {
        self.hostPath = hostPath
        self.containerPath = containerPath
        self.readOnly = readOnly
        self.propagation = propagation
    }
}

/// Which system calls a container may make.
package enum SeccompProfile: Sendable, Hashable {
    /// Those of the runtime's own list.
    case runtimeDefault
    /// All.
    case unconfined
    /// Those of a list in a file of the node, by its absolute path.
    case localhost(String)
}

/// The security settings of a container, resolved from pod and container.
package struct ContainerSecurity: Sendable, Hashable {
    /// The user id; nil is the image's, or the user's that `runAsUserName` names.
    package var runAsUser: Int64?
    /// The user's name, as the image's own files know it; empty is none.
    package var runAsUserName = ""
    /// The group id; nil is the user's. It takes a user, by number or name.
    package var runAsGroup: Int64?
    /// Further groups, `fsGroup` among them.
    package var supplementalGroups: [Int64] = []
    /// All capabilities and devices.
    package var privileged = false
    /// A read-only root file system.
    package var readOnlyRootFilesystem = false
    /// Capabilities to add, without `CAP_`.
    package var addCapabilities: [String] = []
    /// Capabilities to drop.
    package var dropCapabilities: [String] = []
    /// Forbid gaining privileges.
    package var noNewPrivileges = false
    /// The system calls; a privileged container may make all.
    package var seccomp = SeccompProfile.runtimeDefault

    /// The runtime's defaults.
    package init() {}
}

/// What a container is made from.
package struct ContainerConfig: Sendable, Hashable {
    /// The pod.
    package var pod: PodIdentity
    /// The container's name.
    package var name: String
    /// Counts the instances of a container from 0.
    package var attempt: Int
    /// The image, as `ContainerRuntime.image` gave it.
    package var image: String
    /// The entry point; empty is the image's.
    package var command: [String] = []
    /// The arguments; empty is the image's (when `command` is empty too).
    package var arguments: [String] = []
    /// The working directory; empty is the image's.
    package var workingDirectory = ""
    /// The environment, in order.
    package var environment: [(name: String, value: String)] = []
    /// Bind mounts.
    package var mounts: [ContainerMount] = []
    /// The log's path below the sandbox's log directory: `NAME/ATTEMPT.log`.
    package var logPath: String
    /// Labels.
    package var labels: [String: String] = [:]
    /// Annotations.
    package var annotations: [String: String] = [:]
    /// Keep standard input open.
    package var stdin = false
    /// Close it after the first client.
    package var stdinOnce = false
    /// Allocate a terminal.
    package var tty = false
    /// Limits.
    package var limits = ResourceLimits()
    /// Security.
    package var security = ContainerSecurity()

    /// A container with the usual settings.
    package init(pod: PodIdentity, name: String, attempt: Int, image: String, logPath: String) {
        self.pod = pod
        self.name = name
        self.attempt = attempt
        self.image = image
        self.logPath = logPath
    }

    package static func == (left: ContainerConfig, right: ContainerConfig) -> Bool {
        left.hashable == right.hashable
    }
    package func hash(into hasher: inout Hasher) { hasher.combine(hashable) }
    private var hashable: [AnyHashable] {
        [
            pod, name, attempt, image, command, arguments, workingDirectory,
            environment.map { "\($0.name)=\($0.value)" }, mounts, logPath, labels, annotations, stdin, stdinOnce, tty,
            limits, security,
        ]
    }
}

/// A sandbox as the runtime sees it.
package struct SandboxStatus: Sendable, Hashable {
    /// The runtime's id.
    package var id: String
    /// The pod.
    package var pod: PodIdentity
    /// Which sandbox of the pod.
    package var attempt: Int
    /// Whether its pause process runs.
    package var isReady: Bool
    /// When it was made.
    package var createdAt: Timestamp
    /// The pod's addresses, the first is the primary; empty with the host's network.
    package var addresses: [String]
    /// Labels given at creation.
    package var labels: [String: String]
    /// Annotations given at creation.
    package var annotations: [String: String]

    /// A sandbox.
    package init(
        id: String, pod: PodIdentity, attempt: Int, isReady: Bool, createdAt: Timestamp, addresses: [String] = [],
        labels: [String: String] = [:], annotations: [String: String] = [:]
    ) {
        self.id = id
        self.pod = pod
        self.attempt = attempt
        self.isReady = isReady
        self.createdAt = createdAt
        self.addresses = addresses
        self.labels = labels
        self.annotations = annotations
    }
}

/// A container as the runtime sees it.
package struct ContainerState: Sendable, Hashable {
    /// Where it is in its life.
    package enum Phase: Sendable, Hashable {
        /// Made, not started.
        case created
        /// Running since.
        case running(startedAt: Timestamp)
        /// Ended.
        case exited(code: Int, reason: String, message: String, startedAt: Timestamp, finishedAt: Timestamp)
        /// The runtime does not know.
        case unknown
    }

    /// The runtime's id.
    package var id: String
    /// Its sandbox.
    package var sandboxID: String
    /// The pod's uid.
    package var podUID: String
    /// The container's name.
    package var name: String
    /// Which instance.
    package var attempt: Int
    /// The image as asked for.
    package var image: String
    /// The image's digest.
    package var imageID: String
    /// When it was made.
    package var createdAt: Timestamp
    /// Where it is in its life.
    package var phase: Phase
    /// The log's full path.
    package var logPath: String
    /// Labels given at creation.
    package var labels: [String: String]
    /// Annotations given at creation.
    package var annotations: [String: String]

    /// A container.
    package init(
        id: String, sandboxID: String, podUID: String, name: String, attempt: Int, image: String, imageID: String,
        createdAt: Timestamp, phase: Phase, logPath: String = "", labels: [String: String] = [:],
        annotations: [String: String] = [:]
    ) {
        self.id = id
        self.sandboxID = sandboxID
        self.podUID = podUID
        self.name = name
        self.attempt = attempt
        self.image = image
        self.imageID = imageID
        self.createdAt = createdAt
        self.phase = phase
        self.logPath = logPath
        self.labels = labels
        self.annotations = annotations
    }
}

/// Everything of one pod that the runtime has.
package struct RuntimePod: Sendable, Hashable {
    /// Its sandboxes, newest first.
    package var sandboxes: [SandboxStatus]
    /// Its containers, newest first.
    package var containers: [ContainerState]

    /// A pod's parts.
    package init(sandboxes: [SandboxStatus] = [], containers: [ContainerState] = []) {
        self.sandboxes = sandboxes
        self.containers = containers
    }

    /// Whether the runtime has nothing of the pod.
    package var isEmpty: Bool { sandboxes.isEmpty && containers.isEmpty }

    /// The same with the newest first. Their numbers decide: a clock that was stepped back makes times lie.
    package var newestFirst: RuntimePod {
        RuntimePod(
            sandboxes: sandboxes.sorted { ($0.attempt, $0.createdAt) > ($1.attempt, $1.createdAt) },
            containers: containers.sorted { ($0.attempt, $0.createdAt, $0.name) > ($1.attempt, $1.createdAt, $1.name) })
    }
}

/// An image the runtime has.
package struct ImageStatus: Sendable, Hashable {
    /// The runtime's id (a digest).
    package var id: String
    /// The names it is known by, tags and digests.
    package var names: [String]
    /// Its size in bytes.
    package var size: Int64
    /// The numeric user it runs as, when it says.
    package var user: Int64?
    /// The user it runs as by name; empty when it says a number, or nothing.
    package var userName: String

    /// An image.
    package init(id: String, names: [String], size: Int64, user: Int64? = nil, userName: String = "") {
        self.id = id
        self.names = names
        self.size = size
        self.user = user
        self.userName = userName
    }
}

/// Something happened in the runtime; the pod's state should be read again.
package struct RuntimeEvent: Sendable, Hashable {
    /// The pod's uid; nil when it is not known: read every pod.
    package var podUID: String?

    /// An event.
    package init(podUID: String?) { self.podUID = podUID }
}

/// Why the runtime did not do what it was asked.
package enum RuntimeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The image, container or sandbox is not there.
    case notFound(String)
    /// It was not done in time.
    case timedOut(String)
    /// The runtime does not answer.
    case unavailable(String)
    /// The runtime said no.
    case failed(String)

    /// The reason, for people.
    package var text: String {
        switch self {
        case .notFound(let text), .timedOut(let text), .unavailable(let text), .failed(let text): text
        }
    }

    package var description: String { text }
}

/// The end of a command run with `execSync`.
package struct CommandResult: Sendable, Hashable {
    /// The exit code.
    package var exitCode: Int
    /// Output and error output, at most 10 KiB.
    package var output: String

    /// A result.
    package init(exitCode: Int, output: String) {
        self.exitCode = exitCode
        self.output = output
    }
}

/// Runs containers: mechanism only, in CRI's terms. Policy is in the agent.
///
/// Guarantees: `stop…` and `remove…` of something that is not there succeed. A sandbox or container whose creation
/// failed or was cancelled leaves nothing behind. State survives a restart of this process.
/// Calls for different pods may run at the same time; the agent makes one at a time for each pod.
package protocol ContainerRuntime: Sendable {
    /// Name and version, such as `containerd://1.6.20`.
    func version() async throws(RuntimeError) -> String
    /// Every pod the runtime has, by uid.
    func pods() async throws(RuntimeError) -> [String: RuntimePod]
    /// One pod; empty when the runtime has none of it.
    func pod(uid: String) async throws(RuntimeError) -> RuntimePod

    /// The image, when it is present; nil when not. Short names resolve as Docker's do (`nginx` is
    /// `docker.io/library/nginx:latest`).
    func image(_ reference: String) async throws(RuntimeError) -> ImageStatus?
    /// Pulls an image.
    func pull(_ reference: String) async throws(RuntimeError) -> ImageStatus
    /// All images.
    func images() async throws(RuntimeError) -> [ImageStatus]

    /// A sandbox; nil when there is none of that id.
    func sandbox(_ id: String) async throws(RuntimeError) -> SandboxStatus?
    /// A container of a sandbox; nil when there is none of that id.
    func container(_ id: String, in sandbox: SandboxStatus) async throws(RuntimeError) -> ContainerState?
    /// Makes and starts a sandbox, network included; returns its id.
    func runSandbox(_ config: SandboxConfig) async throws(RuntimeError) -> String
    /// Stops a sandbox and everything in it, and gives its network back.
    func stopSandbox(_ id: String) async throws(RuntimeError)
    /// Removes a stopped sandbox with its containers, and the pod's cgroup when nothing else is in it.
    func removeSandbox(_ id: String) async throws(RuntimeError)

    /// Makes a container; returns its id. `notFound` when the image is absent.
    func createContainer(
        _ config: ContainerConfig, sandbox id: String, sandboxConfig: SandboxConfig
    ) async throws(RuntimeError) -> String
    /// Starts a container.
    func startContainer(_ id: String) async throws(RuntimeError)
    /// Asks a container to end, and kills it after `grace`. Returns when it has ended.
    func stopContainer(_ id: String, grace: Duration) async throws(RuntimeError)
    /// Removes a container that does not run. Its log stays.
    func removeContainer(_ id: String) async throws(RuntimeError)

    /// Lets a container that runs write its log to a new file at the same path, after the old one was renamed.
    func reopenLog(_ id: String) async throws(RuntimeError)

    /// Runs a command to its end.
    func execSync(
        _ containerID: String, command: [String], timeout: Duration
    ) async throws(RuntimeError) -> CommandResult
    /// Runs a command with streams.
    func exec(_ containerID: String, _ request: ExecRequest) async throws(RuntimeError) -> any ExecSession
    /// Connects to a running container's first process, which goes on when the session ends; `tty` is whether the
    /// container has a terminal. The end of the input closes the container's own when it is `stdinOnce`.
    func attach(
        _ containerID: String, _ request: AttachRequest, tty: Bool
    ) async throws(RuntimeError) -> any ExecSession
    /// Connects to a TCP port in a sandbox's network.
    func portForward(_ sandboxID: String, port: Int) async throws(RuntimeError) -> any ForwardedConnection

    /// What happens from now on, whether or not this process asked for it; starts that it asked for may be left out. Ends when the runtime goes; then `pods()` tells the state and a new call goes on.
    /// At its limit of undelivered events it coalesces them into one with no uid.
    func events() async throws(RuntimeError) -> AsyncStream<RuntimeEvent>
}

package import ObjectModel

/// The spec of a pod, or of a pod template.
package struct PodSpecView: Sendable, Hashable {
    /// The node it is bound to; empty while unscheduled.
    package let nodeName: String
    /// Labels the node must have.
    package let nodeSelector: [String: String]
    /// The taints it tolerates.
    package let tolerations: [TolerationView]
    /// The containers.
    package let containers: [ContainerView]
    /// The init containers, in the order they run.
    package let initContainers: [ContainerView]
    /// The volumes.
    package let volumes: [VolumeView]
    /// The account; empty when none is set.
    package let serviceAccountName: String
    /// Whether the account's token is mounted; nil leaves it to the account.
    package let automountServiceAccountToken: Bool?
    /// `Always`, `OnFailure` or `Never`.
    package let restartPolicy: String
    /// Seconds from TERM to KILL.
    package let terminationGracePeriodSeconds: Int
    /// Seconds after which it fails; nil means never.
    package let activeDeadlineSeconds: Int?
    /// Its host name; empty means the pod's name.
    package let hostname: String
    /// The headless Service below which it gets a DNS name; empty means none.
    package let subdomain: String
    /// Whether the host name is the full DNS name.
    package let setHostnameAsFQDN: Bool
    /// Whether it shares the node's network.
    package let hostNetwork: Bool
    /// Whether it shares the node's processes.
    package let hostPID: Bool
    /// Whether it shares the node's IPC.
    package let hostIPC: Bool
    /// Whether its containers share one process namespace.
    package let shareProcessNamespace: Bool
    /// `ClusterFirst`, `ClusterFirstWithHostNet`, `Default` or `None`.
    package let dnsPolicy: String
    /// `dnsConfig` as JSON: nameservers, searches, options.
    package let dnsConfig: Value?
    /// `hostAliases` as JSON.
    package let hostAliases: [Value]
    /// Whether Service variables are put into the environment.
    package let enableServiceLinks: Bool
    /// `securityContext` as JSON.
    package let securityContext: Value?
    /// Names of Secrets with registry credentials.
    package let imagePullSecrets: [String]
    /// Its priority.
    package let priority: Int
    /// `PreemptLowerPriority` or `Never`; empty when not told.
    package let preemptionPolicy: String
    /// The scheduler that places it.
    package let schedulerName: String
    /// Names of the gates that keep it from being scheduled.
    package let schedulingGates: [String]
    /// `affinity` as JSON.
    package let affinity: Value?
    /// `topologySpreadConstraints` as JSON.
    package let topologySpreadConstraints: [Value]
    /// The extra cost of the pod itself.
    package let overhead: [String: Quantity]
    /// The condition types that must be True beside ContainersReady.
    package let readinessGates: [String]
    /// `os.name`; empty when not told.
    package let osName: String

    /// Reads a PodSpec.
    package init(_ spec: Value) {
        nodeName = spec.text("nodeName")
        nodeSelector = spec.map("nodeSelector")
        tolerations = spec.items("tolerations").map { TolerationView($0) }
        containers = spec.items("containers").map { ContainerView($0) }
        initContainers = spec.items("initContainers").map { ContainerView($0) }
        volumes = spec.items("volumes").map { VolumeView($0) }
        serviceAccountName = spec.text("serviceAccountName")
        automountServiceAccountToken = spec["automountServiceAccountToken"]?.bool
        restartPolicy = spec["restartPolicy"]?.string ?? "Always"
        terminationGracePeriodSeconds = spec.number("terminationGracePeriodSeconds") ?? 30
        activeDeadlineSeconds = spec.number("activeDeadlineSeconds")
        hostname = spec.text("hostname")
        subdomain = spec.text("subdomain")
        setHostnameAsFQDN = spec.flag("setHostnameAsFQDN")
        hostNetwork = spec.flag("hostNetwork")
        hostPID = spec.flag("hostPID")
        hostIPC = spec.flag("hostIPC")
        shareProcessNamespace = spec.flag("shareProcessNamespace")
        dnsPolicy = spec["dnsPolicy"]?.string ?? "ClusterFirst"
        dnsConfig = spec.object("dnsConfig")
        hostAliases = spec.items("hostAliases")
        enableServiceLinks = spec["enableServiceLinks"]?.bool ?? true
        securityContext = spec.object("securityContext")
        imagePullSecrets = spec.items("imagePullSecrets").map { $0.text("name") }
        priority = spec.number("priority") ?? 0
        preemptionPolicy = spec.text("preemptionPolicy")
        schedulerName = spec["schedulerName"]?.string ?? "default-scheduler"
        schedulingGates = spec.items("schedulingGates").map { $0.text("name") }
        affinity = spec.object("affinity")
        topologySpreadConstraints = spec.items("topologySpreadConstraints")
        overhead = spec.quantities("overhead")
        readinessGates = spec.items("readinessGates").map { $0.text("conditionType") }
        osName = spec.child("os").text("name")
    }
}

/// A volume of a pod.
package struct VolumeView: Sendable, Hashable {
    /// Its name, unique in the pod.
    package let name: String
    /// The whole entry as JSON, the source among its fields.
    package let source: Value

    /// Reads one entry of `spec.volumes`.
    package init(_ volume: Value) {
        name = volume.text("name")
        source = volume
    }

    /// The kind of its source, such as `emptyDir`; empty when none is set.
    package var sourceType: String { source.fields?.first { $0.key != "name" && !$0.value.isNull }?.key ?? "" }
    /// The claim it uses, when its source is a claim by name.
    package var claimName: String? { source["persistentVolumeClaim"]?["claimName"]?.string }
    /// Whether containers may only read it, whatever their mounts say: the node writes its files, or it says so of its claim.
    package var isReadOnly: Bool {
        Self.writtenByTheNode.contains { source[$0]?.fields != nil }
            || source.child("persistentVolumeClaim").flag("readOnly")
    }

    private static let writtenByTheNode = ["configMap", "secret", "downwardAPI", "projected"]
}

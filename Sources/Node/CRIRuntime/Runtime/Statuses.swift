internal import NodeInterfaces
internal import ObjectModel

extension Runtime_V1_PodSandboxStatus {
    /// The same in the agent's terms.
    var sandboxStatus: SandboxStatus {
        let name = NamespacedName(namespace: metadata.namespace, name: metadata.name)
        let addresses = network.ip.isEmpty ? [] : [network.ip] + network.additionalIps.map(\.ip)
        return SandboxStatus(
            id: id, pod: PodIdentity(name: name, uid: metadata.uid), attempt: Int(metadata.attempt),
            isReady: state == .sandboxReady, createdAt: Timestamp(nanoseconds: createdAt), addresses: addresses,
            labels: labels, annotations: annotations.filter { $0.key != PodLabel.cgroup })
    }
}

extension Runtime_V1_ContainerStatus {
    /// The same in the agent's terms.
    func containerState(sandbox: String, podUID: String) -> NodeInterfaces.ContainerState {
        NodeInterfaces.ContainerState(
            id: id, sandboxID: sandbox, podUID: podUID, name: metadata.name, attempt: Int(metadata.attempt),
            image: image.image, imageID: imageRef, createdAt: Timestamp(nanoseconds: createdAt), phase: phase,
            logPath: logPath, labels: labels, annotations: annotations)
    }

    /// What containerd says of a container that it tried to start in vain, and how it says that it was ending itself.
    private static let startFailed = "StartError"
    private static let ending = ["signal: killed", "signal: terminated", "context canceled"]

    private var phase: NodeInterfaces.ContainerState.Phase {
        switch state {
        case .containerCreated: .created
        // containerd ended while it started this one: what the next one found dead has never run.
        case .containerExited where startedAt == 0 && (reason != Self.startFailed || wasInterrupted): .created
        case .containerRunning: .running(startedAt: Timestamp(nanoseconds: startedAt))
        case .containerExited:
            .exited(
                code: Int(exitCode), reason: reason, message: message, startedAt: Timestamp(nanoseconds: startedAt),
                finishedAt: Timestamp(nanoseconds: finishedAt))
        case .containerUnknown, .UNRECOGNIZED: .unknown
        }
    }

    private var wasInterrupted: Bool { Self.ending.contains { message.hasSuffix($0) || message.contains("\($0): ") } }
}

extension Runtime_V1_Image {
    /// The same in the agent's terms.
    var imageStatus: ImageStatus {
        let user = hasUid ? uid.value : Int64(username)
        return ImageStatus(
            id: id, names: repoTags + repoDigests, size: Int64(clamping: size), user: user,
            userName: user == nil ? username : "")
    }
}

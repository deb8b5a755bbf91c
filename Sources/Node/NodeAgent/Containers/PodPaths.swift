internal import NodeInterfaces
internal import ObjectModel

/// Where the files of one pod are on the node, in kubelet's layout.
struct PodPaths {
    let pod: PodIdentity
    let configuration: NodeAgentConfiguration

    /// The pod's directory.
    var root: String { "\(configuration.podsDirectory)/\(pod.uid)" }
    /// The directory of its volumes.
    var volumes: String { "\(root)/volumes" }
    /// Its hosts file.
    var hostsFile: String { "\(root)/etc-hosts" }
    /// The directory of its logs.
    var logs: String { layout.directory(of: pod) }
    private var layout: LogLayout {
        LogLayout(
            podsDirectory: configuration.podLogsDirectory, linksDirectory: configuration.containerLogsDirectory)
    }

    /// Where a volume appears.
    func volume(_ name: String) -> String { "\(volumes)/\(name)" }
    /// The file of a container's last words.
    func terminationMessage(_ container: String, attempt: Int) -> String {
        "\(root)/containers/\(container)/\(attempt)"
    }
    /// A container's log below `logs`.
    static func logName(_ container: String, attempt: Int) -> String {
        LogLayout.relativePath(container: container, attempt: attempt)
    }
    /// The log of an instance.
    func log(_ container: String, attempt: Int) -> String { layout.path(pod, container: container, attempt: attempt) }
    /// The link to a log for collectors.
    func logLink(_ container: String, id: String) -> String { layout.link(pod, container: container, id: id) }
}

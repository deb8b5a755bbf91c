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
    /// The directory of its logs: `NS_NAME_UID`.
    var logs: String { "\(configuration.podLogsDirectory)/\(pod.name.namespace)_\(pod.name.name)_\(pod.uid)" }

    /// Where a volume appears.
    func volume(_ name: String) -> String { "\(volumes)/\(name)" }
    /// The file of a container's last words.
    func terminationMessage(_ container: String, attempt: Int) -> String {
        "\(root)/containers/\(container)/\(attempt)"
    }
    /// A container's log below `logs`.
    static func logName(_ container: String, attempt: Int) -> String { "\(container)/\(attempt).log" }
    /// The log of an instance.
    func log(_ container: String, attempt: Int) -> String { "\(logs)/\(Self.logName(container, attempt: attempt))" }
    /// The link to a log for collectors: `POD_NS_CONTAINER-ID.log`.
    func logLink(_ container: String, id: String) -> String {
        "\(configuration.containerLogsDirectory)/\(pod.name.name)_\(pod.name.namespace)_\(container)-\(id).log"
    }
}

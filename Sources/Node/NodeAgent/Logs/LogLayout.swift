package import NodeInterfaces
internal import ObjectModel

/// Where the logs of containers lie: kubelet's layout below directories of our own.
package struct LogLayout: Sendable, Hashable {
    /// The directory of the pods' logs (`/var/log/pods`).
    package let podsDirectory: String
    /// The directory of the links to the containers' logs (`/var/log/containers`).
    package let linksDirectory: String

    /// A layout below these directories.
    package init(podsDirectory: String, linksDirectory: String) {
        self.podsDirectory = podsDirectory
        self.linksDirectory = linksDirectory
    }

    /// Where kubelet keeps logs, and collectors look for them. Instances share it: the directories carry pods' uids.
    package static let ofTheMachine = LogLayout(
        podsDirectory: "/var/log/pods", linksDirectory: "/var/log/containers")

    /// A pod's directory: `NAMESPACE_NAME_UID`.
    package func directory(of pod: PodIdentity) -> String {
        "\(podsDirectory)/\(pod.name.namespace)_\(pod.name.name)_\(pod.uid)"
    }

    /// A log's path below its pod's directory: `CONTAINER/ATTEMPT.log`.
    package static func relativePath(container: String, attempt: Int) -> String { "\(container)/\(attempt).log" }

    /// A log's path.
    package func path(_ pod: PodIdentity, container: String, attempt: Int) -> String {
        "\(directory(of: pod))/\(Self.relativePath(container: container, attempt: attempt))"
    }

    /// The path of the link to a log: `POD_NAMESPACE_CONTAINER-ID.log`, its name cut to a file name's 255 bytes.
    package func link(_ pod: PodIdentity, container: String, id: String) -> String {
        let name = "\(pod.name.name)_\(pod.name.namespace)_\(container)-\(id)"
        return "\(linksDirectory)/\(String(decoding: name.utf8.prefix(255 - 4), as: UTF8.self)).log"
    }
}

package import Kinds
package import NodeInterfaces
package import ObjectModel

/// A pod as the agent reads it: the view to decide by, and the object for what views leave out.
package final class AgentPod: ObjectView {
    package static let resource = APIResource.pods

    /// The view.
    package let view: PodView
    /// The object.
    package let object: Value

    /// Reads a Pod.
    package init(_ object: Value) {
        view = PodView(object)
        self.object = object
        revision = object.revision ?? .zero
    }

    /// The pod's uid.
    package var uid: String { view.metadata.uid }
    /// Namespace and name.
    package var key: NamespacedName { view.metadata.namespacedName }
    /// Whom the runtime knows it as.
    package var identity: PodIdentity { PodIdentity(name: key, uid: uid) }
    /// The revision of the object.
    package let revision: Revision

    /// All containers, init containers first.
    var allContainers: [ContainerView] { view.spec.initContainers + view.spec.containers }
    /// A container by its name.
    func container(_ name: String) -> ContainerView? { allContainers.first { $0.name == name } }

    /// How long its containers may take to end.
    package var gracePeriod: Duration {
        .bounded(seconds: view.metadata.deletionGracePeriodSeconds ?? view.spec.terminationGracePeriodSeconds)
    }
}

/// Names under which the runtime keeps what must survive a restart of the agent (kubelet's own).
enum RuntimeKeys {
    static let podName = "io.kubernetes.pod.name"
    static let podNamespace = "io.kubernetes.pod.namespace"
    static let podUID = "io.kubernetes.pod.uid"
    static let containerName = "io.kubernetes.container.name"
    static let containerHash = "io.kubernetes.container.hash"
    static let restartCount = "io.kubernetes.container.restartCount"
    static let terminationMessagePath = "io.kubernetes.container.terminationMessagePath"
    static let terminationMessagePolicy = "io.kubernetes.container.terminationMessagePolicy"
    static let gracePeriod = "io.kubernetes.pod.terminationGracePeriod"
    /// Ours: the host's path of the termination message.
    static let terminationMessageFile = "ordinal.dev/termination-message-file"
}

/// Tells whether a container must be made anew: as upstream since 1.31 only its name and image count.
package enum ContainerHash {
    /// The hash of a container, stable over restarts of the agent.
    package static func of(_ container: ContainerView) -> String {
        var hash: UInt32 = 0x811C_9DC5
        for byte in "\(container.name)\u{0}\(container.image)".utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return String(hash, radix: 16)
    }
}

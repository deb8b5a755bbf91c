internal import Kinds
internal import NodeInterfaces
internal import ObjectModel

/// The security settings of a container: its own win over the pod's.
enum SecuritySettings {
    static func of(
        _ container: ContainerView, pod: PodSpecView, image: ImageStatus
    ) throws(ConfigurationError) -> ContainerSecurity {
        let own = container.securityContext ?? .null
        let shared = pod.securityContext ?? .null
        var security = ContainerSecurity()
        security.runAsUser = (own["runAsUser"]?.int ?? shared["runAsUser"]?.int).map(Int64.init)
        security.runAsGroup = (own["runAsGroup"]?.int ?? shared["runAsGroup"]?.int).map(Int64.init)
        security.supplementalGroups = shared.items("supplementalGroups").compactMap { $0.int.map(Int64.init) }
        if let group = fsGroup(pod) { security.supplementalGroups.append(group) }
        security.privileged = own.flag("privileged")
        security.readOnlyRootFilesystem = own.flag("readOnlyRootFilesystem")
        let capabilities = own.child("capabilities")
        security.addCapabilities = capabilities.items("add").compactMap(\.string)
        security.dropCapabilities = capabilities.items("drop").compactMap(\.string)
        security.noNewPrivileges = own["allowPrivilegeEscalation"]?.bool == false
        if own["runAsNonRoot"]?.bool ?? shared.flag("runAsNonRoot") {
            try checkNonRoot(security.runAsUser, image: image)
        }
        return security
    }

    /// The group that owns the pod's volumes.
    static func fsGroup(_ pod: PodSpecView) -> Int64? {
        (pod.securityContext?["fsGroup"]?.int).map(Int64.init)
    }

    private static func checkNonRoot(_ user: Int64?, image: ImageStatus) throws(ConfigurationError) {
        if let user {
            if user == 0 { throw ConfigurationError("container's runAsUser breaks non-root policy") }
        } else if image.user ?? 0 == 0 {
            throw ConfigurationError("container has runAsNonRoot and image will run as root")
        }
    }
}

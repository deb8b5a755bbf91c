internal import Kinds
internal import NodeInterfaces
internal import ObjectModel

/// The security settings of a container: its own win over the pod's, and what neither says of the user is the image's
/// (kubelet's `determineEffectiveSecurityContext`).
enum SecuritySettings {
    static func of(
        _ container: ContainerView, pod: AgentPod, image: ImageStatus
    ) throws(ConfigurationError) -> ContainerSecurity {
        let own = container.securityContext ?? .null
        let shared = pod.view.spec.securityContext ?? .null
        var security = ContainerSecurity()
        let user = (own["runAsUser"]?.int ?? shared["runAsUser"]?.int).map(Int64.init)
        if own["runAsNonRoot"]?.bool ?? shared.flag("runAsNonRoot"), let objection = objection(to: user, image) {
            throw ConfigurationError(
                "\(objection) (pod: \"\(pod.key.name)_\(pod.key.namespace)(\(pod.uid))\", container: \(container.name))"
            )
        }
        // Always told: a runtime takes no group without its user.
        security.runAsUser = user ?? image.user ?? (image.userName.isEmpty ? 0 : nil)
        if security.runAsUser == nil { security.runAsUserName = image.userName }
        security.runAsGroup = (own["runAsGroup"]?.int ?? shared["runAsGroup"]?.int).map(Int64.init)
        security.supplementalGroups = shared.items("supplementalGroups").compactMap { $0.int.map(Int64.init) }
        if let group = fsGroup(pod.view.spec) { security.supplementalGroups.append(group) }
        security.privileged = own.flag("privileged")
        security.readOnlyRootFilesystem = own.flag("readOnlyRootFilesystem")
        let capabilities = own.child("capabilities")
        security.addCapabilities = capabilities.items("add").compactMap(\.string)
        security.dropCapabilities = capabilities.items("drop").compactMap(\.string)
        security.noNewPrivileges = own["allowPrivilegeEscalation"]?.bool == false
        security.seccomp = try seccomp(own.object("seccompProfile") ?? shared.object("seccompProfile"))
        return security
    }

    /// The group that owns the pod's volumes.
    static func fsGroup(_ pod: PodSpecView) -> Int64? {
        (pod.securityContext?["fsGroup"]?.int).map(Int64.init)
    }

    /// When persistent volumes are given to that group.
    static func fsGroupChangePolicy(_ pod: PodSpecView) -> FSGroupChangePolicy {
        pod.securityContext?["fsGroupChangePolicy"]?.string.flatMap(FSGroupChangePolicy.init) ?? .always
    }

    /// Where profiles of `Localhost` are: kubelet's folder, so that pods mean the same file on both.
    private static let profiles = "/var/lib/kubelet/seccomp"

    /// Without a word of the pod the runtime's list holds, as with kubelet's `--seccomp-default`; kubelet's own default is
    /// no list at all.
    private static func seccomp(_ profile: Value?) throws(ConfigurationError) -> SeccompProfile {
        guard let profile else { return .runtimeDefault }
        switch profile.text("type") {
        case "Unconfined": return .unconfined
        case "Localhost":
            let name = profile.text("localhostProfile")
            guard !name.isEmpty, !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
                throw ConfigurationError("seccomp localhostProfile \"\(name)\" is no path below \(profiles)")
            }
            return .localhost("\(profiles)/\(name)")
        default: return .runtimeDefault
        }
    }

    /// Why a container that must not run as root may not run; nil when it may.
    private static func objection(to user: Int64?, _ image: ImageStatus) -> String? {
        if let user { return user == 0 ? "container's runAsUser breaks non-root policy" : nil }
        if image.user == nil, !image.userName.isEmpty {
            return "container has runAsNonRoot and image has non-numeric user (\(image.userName)),"
                + " cannot verify user is non-root"
        }
        return image.user ?? 0 == 0 ? "container has runAsNonRoot and image will run as root" : nil
    }
}

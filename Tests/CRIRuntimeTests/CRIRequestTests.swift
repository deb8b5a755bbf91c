import NodeInterfaces
import ObjectModel
import Testing

@testable import CRIRuntime

/// What containerd is asked for.
@Suite struct CRIRequestTests {
    private let pod = PodIdentity(name: NamespacedName(namespace: "default", name: "web-0"), uid: "u1")

    private var sandbox: SandboxConfig {
        SandboxConfig(pod: pod, attempt: 0, hostname: "web-0", logDirectory: "/logs")
    }
    private var container: ContainerConfig {
        ContainerConfig(pod: pod, name: "main", attempt: 0, image: "i", logPath: "main/0.log")
    }

    @Test(arguments: [
        (false, false, Runtime_V1_NamespaceMode.container), (false, true, .pod), (true, true, .node),
        (true, false, .node),
    ])
    func processesAreSharedAsThePodSays(_ host: Bool, _ share: Bool, _ mode: Runtime_V1_NamespaceMode) {
        var sandbox = sandbox
        sandbox.hostPID = host
        sandbox.shareProcessNamespace = share
        let whole = sandbox.request(cgroupParent: "/o").linux.securityContext.namespaceOptions
        let inner = container.request(in: sandbox, cgroupParent: "/o").linux.securityContext.namespaceOptions
        #expect(whole.pid == mode && inner.pid == mode)
    }

    @Test(arguments: [
        (MountPropagation.none, Runtime_V1_MountPropagation.propagationPrivate),
        (.hostToContainer, .propagationHostToContainer), (.bidirectional, .propagationBidirectional),
    ])
    func propagationIsPassedOn(_ propagation: MountPropagation, _ expected: Runtime_V1_MountPropagation) {
        var container = container
        container.mounts = [
            ContainerMount(hostPath: "/h", containerPath: "/c", readOnly: true, propagation: propagation)
        ]
        let mounts = container.request(in: sandbox, cgroupParent: "/o").mounts
        #expect(mounts.map(\.propagation) == [expected] && mounts.map(\.readonly) == [true])
    }

    @Test func theSeccompProfileIsPassedOnUnlessAllIsAllowed() {
        func profile(_ seccomp: SeccompProfile, privileged: Bool = false) -> Runtime_V1_SecurityProfile {
            var container = container
            container.security.seccomp = seccomp
            container.security.privileged = privileged
            return container.request(in: sandbox, cgroupParent: "/o").linux.securityContext.seccomp
        }
        #expect(profile(.runtimeDefault).profileType == .runtimeDefault)
        #expect(profile(.unconfined).profileType == .unconfined)
        #expect(profile(.localhost("/p.json")).profileType == .localhost)
        #expect(profile(.localhost("/p.json")).localhostRef == "/p.json")
        #expect(profile(.runtimeDefault, privileged: true).profileType == .unconfined)
    }
}

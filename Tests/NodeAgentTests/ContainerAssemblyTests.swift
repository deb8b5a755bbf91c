import Kinds
import NodeInterfaces
import ObjectModel
import Testing

@testable import NodeAgent

/// What the runtime is told of a pod.
@Suite struct ContainerAssemblyTests {
    private func assembly(_ spec: Value) -> ContainerAssembly {
        let pod = PodFixture.pod(spec: spec)
        return ContainerAssembly(
            pod: pod,
            configuration: NodeAgentConfiguration(
                nodeName: "n1", nodeAddress: "10.0.0.1",
                capacity: .init(milliCPU: 4000, memoryBytes: 8 << 30, ephemeralStorageBytes: 1 << 40),
                runtimeName: "containerd", directory: "/nonexistent"),
            naming: PodNaming(
                pod: pod, clusterDomain: "cluster.local", clusterDNS: "10.96.0.10", hostResolver: "", nodeName: "n1"))
    }

    /// The mount at /v of a container that mounts a volume with `source`, with `more` in its volumeMount.
    private func mount(_ source: Value, _ more: [String: Value] = [:]) throws -> ContainerMount {
        var mount: Value = ["name": "v", "mountPath": "/v"]
        for (key, value) in more { mount[key] = value }
        var volume = source
        volume["name"] = "v"
        let assembly = assembly([
            "containers": [["name": "main", "image": "i", "volumeMounts": [mount]]], "volumes": [volume],
        ])
        let container = try #require(assembly.pod.view.spec.containers.first)
        let mounts = try assembly.mounts(
            of: container, attempt: 0, volumes: ["v": "/host/v"], environment: [],
            subPath: { below, root throws(ConfigurationError) in "\(root)/\(below)" })
        return try #require(mounts.first { $0.containerPath == "/v" })
    }

    @Test(
        arguments: [
            (["configMap": ["name": "c"]], true), (["secret": ["secretName": "s"]], true),
            (["downwardAPI": [:]], true), (["projected": ["sources": []]], true), (["emptyDir": [:]], false),
            (["hostPath": ["path": "/x"]], false), (["persistentVolumeClaim": ["claimName": "c"]], false),
            (["persistentVolumeClaim": ["claimName": "c", "readOnly": true]], true),
        ] as [(Value, Bool)])
    func whatTheNodeWritesIsMountedReadOnly(_ source: Value, _ isReadOnly: Bool) throws {
        #expect(try mount(source).readOnly == isReadOnly)
        #expect(try mount(source, ["readOnly": false, "subPath": "a"]).readOnly == isReadOnly)
        #expect(try mount(source, ["readOnly": true]).readOnly)
    }

    @Test(arguments: [
        ("", FSGroupChangePolicy.always), ("Always", .always), ("OnRootMismatch", .onRootMismatch),
    ])
    func thePodSaysWhenVolumesAreGivenToItsGroup(_ text: String, _ policy: FSGroupChangePolicy) {
        let context: Value = text.isEmpty ? [:] : ["fsGroupChangePolicy": .string(text)]
        let pod = PodFixture.pod(spec: ["securityContext": context])
        #expect(SecuritySettings.fsGroupChangePolicy(pod.view.spec) == policy)
    }

    @Test(arguments: ["", "None", "HostToContainer", "Bidirectional"])
    func mountsSayWhatBecomesOfLaterOnes(_ text: String) throws {
        let more: [String: Value] = text.isEmpty ? [:] : ["mountPropagation": .string(text)]
        let expected = text.isEmpty ? MountPropagation.none : MountPropagation(rawValue: text)
        #expect(try mount(["emptyDir": [:]], more).propagation == expected)
    }

    @Test func thePodSaysWhetherItsContainersSeeEachOther() {
        #expect(assembly(["shareProcessNamespace": true]).sandbox(attempt: 0).shareProcessNamespace)
        #expect(!assembly([:]).sandbox(attempt: 0).shareProcessNamespace)
    }

    private func seccomp(_ pod: Value?, _ container: Value?) throws -> SeccompProfile {
        func context(_ profile: Value?) -> Value { profile.map { ["seccompProfile": $0] } ?? [:] }
        let assembly = assembly([
            "securityContext": context(pod),
            "containers": [["name": "main", "image": "i", "securityContext": context(container)]],
        ])
        let main = try #require(assembly.pod.view.spec.containers.first)
        return try assembly.container(
            main, attempt: 0, image: ImageStatus(id: "i", names: ["i"], size: 1), environment: [], mounts: []
        ).security.seccomp
    }

    @Test func theContainersSeccompProfileWinsOverThePods() throws {
        let local: Value = ["type": "Localhost", "localhostProfile": "a/b.json"]
        #expect(try seccomp(nil, nil) == .runtimeDefault)
        #expect(try seccomp(["type": "Unconfined"], nil) == .unconfined)
        #expect(try seccomp(["type": "Unconfined"], ["type": "RuntimeDefault"]) == .runtimeDefault)
        #expect(try seccomp(["type": "Unconfined"], local) == .localhost("/var/lib/kubelet/seccomp/a/b.json"))
        for name in ["", "/etc/x", "../x", "a/../../x"] {
            #expect(throws: ConfigurationError.self) {
                try seccomp(nil, ["type": "Localhost", "localhostProfile": .string(name)])
            }
        }
    }
}

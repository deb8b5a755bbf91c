import APIProtocol
import APIServer
import Kinds
import ObjectModel
import ObjectStorage
import Schema
import Testing

@testable import BuiltinAPI

@Suite struct BootstrapTests {
    private func settings(_ range: UInt32 = 0x0A60_0000, apiPort: Int = 6443) -> BootstrapSettings {
        BootstrapSettings(
            serviceRange: IPv4Range(base: IPv4Address(number: range), prefixLength: 16),
            apiAddress: IPv4Address(number: 0x0AF4_0001), apiPort: apiPort, dnsAddress: IPv4Address(number: 0x0AF4_0001)
        )
    }

    private func client(_ store: any Store, _ settings: BootstrapSettings) throws -> APIClient {
        var parts = APIServerParts(authorizer: GroupAuthorizer())
        parts.admission = BuiltinAdmission.plugins(store: store, serviceRange: settings.serviceRange)
        let server = APIServer(registry: try BuiltinKinds.registry(), store: store, parts: parts)
        let user = UserInfo(name: "bootstrap", groups: [UserInfo.mastersGroup])
        return APIClient(server, credentials: .inProcess(user))
    }

    @Test func aNewClusterHasItsNamespacesServicesAndDefaultClass() async throws {
        let client = try client(MemoryStore(), settings())
        try await Bootstrap(client, settings()).run()
        let namespaces = try await client.list(.namespaces).items.map(\.name)
        #expect(namespaces == ["default", "kube-node-lease", "kube-public", "kube-system"])
        let api = try await client.get(.services, namespace: "default", name: "kubernetes")
        #expect(api["spec"]?["clusterIP"] == "10.96.0.1")
        let dns = try await client.get(.services, namespace: "kube-system", name: "kube-dns")
        #expect(dns["spec"]?["clusterIP"] == "10.96.0.10")
        #expect(dns.labels["k8s-app"] == "kube-dns")
        let slice = try await client.get(.endpointSlices, namespace: "default", name: "kubernetes")
        #expect(slice["ports"]?.array?.first?["port"] == 6443)
        let storage = try await client.get(.storageClasses, name: "local")
        #expect(storage["volumeBindingMode"] == "WaitForFirstConsumer")
        #expect(StorageClassView(storage).isDefault)
    }

    @Test func runningAgainChangesNothing() async throws {
        let store = MemoryStore()
        let client = try client(store, settings())
        try await Bootstrap(client, settings()).run()
        let revision = try await store.currentRevision()
        try await Bootstrap(client, settings()).run()
        #expect(try await store.currentRevision() == revision)
    }

    @Test func newSettingsAreTakenOver() async throws {
        let store = MemoryStore()
        try await Bootstrap(try client(store, settings()), settings()).run()
        let moved = settings(0x0A61_0000, apiPort: 7443)
        let client = try client(store, moved)
        try await Bootstrap(client, moved).run()
        let api = try await client.get(.services, namespace: "default", name: "kubernetes")
        #expect(api["spec"]?["clusterIP"] == "10.97.0.1")
        #expect(api["spec"]?["ports"]?.array?.first?["targetPort"] == 7443)
        let endpoints = try await client.get(.endpoints, namespace: "default", name: "kubernetes")
        #expect(endpoints["subsets"]?.array?.first?["ports"]?.array?.first?["port"] == 7443)
    }

    @Test func objectsOfUsersPassAllPlugins() async throws {
        let client = try client(MemoryStore(), settings())
        try await Bootstrap(client, settings()).run()
        let account: Value = ["metadata": ["name": "default", "namespace": "default"]]
        _ = try await client.create(.serviceAccounts, account)
        let pod = try await client.create(
            .pods,
            [
                "metadata": ["generateName": "web-", "namespace": "default"],
                "spec": ["containers": [["name": "web", "image": "web:1"]]],
            ])
        #expect(pod["spec"]?["serviceAccountName"] == "default")
        #expect(pod["spec"]?["priority"] == 0)
        #expect(pod["spec"]?["tolerations"]?.array?.count == 2)
        #expect(pod["spec"]?["volumes"]?.array?.count == 1)
        let service = try await client.create(
            .services,
            [
                "metadata": ["name": "web", "namespace": "default"],
                "spec": ["type": "NodePort", "selector": ["app": "web"], "ports": [["port": 80]]],
            ])
        let address = service["spec"]?["clusterIP"]?.string.flatMap(IPv4Address.init)
        #expect(address.map(settings().serviceRange.contains) == true)
        #expect(service["spec"]?["ports"]?.array?.first?["nodePort"]?.int != nil)
        let patch: Value = ["spec": ["type": "ClusterIP"]]
        let changed = try await client.patch(.services, namespace: "default", name: "web", patch)
        #expect(changed["spec"]?["clusterIP"] == service["spec"]?["clusterIP"])
        let claim = try await client.create(
            .persistentVolumeClaims,
            [
                "metadata": ["name": "data", "namespace": "default"],
                "spec": [
                    "accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]],
                ],
            ])
        #expect(claim["spec"]?["storageClassName"] == "local")
        #expect(claim.finalizers == ["kubernetes.io/pvc-protection"])
    }

    @Test func podsThatWereStoppedAreNotCalledReady() async throws {
        let client = try client(MemoryStore(), settings())
        try await Bootstrap(client, settings()).run()
        let account: Value = [
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": ["name": "default", "namespace": "default"],
        ]
        _ = try await client.create(.serviceAccounts, account)
        for (name, phase) in [("ready", "Running"), ("waiting", "Pending"), ("over", "Succeeded")] {
            let isReady = name == "waiting" ? "False" : "True"
            let pod: Value = [
                "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name), "namespace": "default"],
                "spec": ["containers": [["name": "c", "image": "i"]]],
            ]
            _ = try await client.create(.pods, pod)
            let conditions = ["Initialized", "Ready", "ContainersReady"].map { type -> Value in
                [
                    "type": .string(type), "status": .string(type == "Initialized" ? "True" : isReady),
                    "lastTransitionTime": "2026-01-01T00:00:00Z",
                ]
            }
            let container: Value = [
                "name": "c", "ready": .bool(isReady == "True"), "started": true, "restartCount": 3, "image": "i",
                "imageID": "",
            ]
            let status: Value = [
                "phase": .string(phase), "conditions": .array(conditions), "containerStatuses": [container],
            ]
            _ = try await client.patch(
                .pods, namespace: "default", name: name, ["status": status], subresource: "status")
        }
        let stopped = try #require(Timestamp("2026-01-02T00:00:00Z"))
        try await StoppedPods(client, at: stopped).run()
        func status(_ name: String) async throws -> PodStatusView {
            PodView(try await client.get(.pods, namespace: "default", name: name)).status
        }
        let ready = try await status("ready")
        #expect(
            ready.conditions.map { "\($0.type) \($0.status)" } == [
                "Initialized True", "Ready False", "ContainersReady False",
            ])
        #expect(ready.conditions.condition("Ready")?.lastTransitionTime == stopped)
        #expect(ready.containerStatuses.map(\.ready) == [false])
        #expect(ready.containerStatuses.map(\.restartCount) == [3])
        #expect(try await status("waiting").conditions.condition("Ready")?.lastTransitionTime != stopped)
        #expect(try await status("over").conditions.condition("Ready")?.status == "True")
    }
}

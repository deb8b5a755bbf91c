import APIProtocol
import APIServer
import Kinds
import ObjectModel
import ObjectStorage
import Schema
import Testing

@testable import BuiltinAPI

@Suite struct BootstrapTests {
    private let resources: [APIResource] = [.namespaces, .storageClasses, .services, .endpoints, .endpointSlices]

    private func settings(_ range: UInt32 = 0x0A60_0000, apiPort: Int = 6443) -> BootstrapSettings {
        BootstrapSettings(
            serviceRange: IPv4Range(base: IPv4Address(number: range), prefixLength: 16),
            apiAddress: IPv4Address(number: 0x0AF4_0001), apiPort: apiPort, dnsAddress: IPv4Address(number: 0x0AF4_0001)
        )
    }

    private func client(_ store: any Store, _ settings: BootstrapSettings) -> APIClient {
        var parts = APIServerParts(authorizer: GroupAuthorizer())
        parts.admission = BuiltinAdmission.plugins(store: store, serviceRange: settings.serviceRange)
        let server = APIServer(
            registry: KindRegistry(resources.map(AdmissionFixture.kind)), store: store, parts: parts)
        let user = UserInfo(name: "bootstrap", groups: [UserInfo.mastersGroup])
        return APIClient(server, credentials: .inProcess(user))
    }

    @Test func aNewClusterHasItsNamespacesServicesAndDefaultClass() async throws {
        let client = client(MemoryStore(), settings())
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
        let client = client(store, settings())
        try await Bootstrap(client, settings()).run()
        let revision = try await store.currentRevision()
        try await Bootstrap(client, settings()).run()
        #expect(try await store.currentRevision() == revision)
    }

    @Test func newSettingsAreTakenOver() async throws {
        let store = MemoryStore()
        try await Bootstrap(client(store, settings()), settings()).run()
        let moved = settings(0x0A61_0000, apiPort: 7443)
        let client = client(store, moved)
        try await Bootstrap(client, moved).run()
        let api = try await client.get(.services, namespace: "default", name: "kubernetes")
        #expect(api["spec"]?["clusterIP"] == "10.97.0.1")
        #expect(api["spec"]?["ports"]?.array?.first?["targetPort"] == 7443)
        let endpoints = try await client.get(.endpoints, namespace: "default", name: "kubernetes")
        #expect(endpoints["subsets"]?.array?.first?["ports"]?.array?.first?["port"] == 7443)
    }
}

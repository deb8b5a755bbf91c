import APIProtocol
import APIServer
import Kinds
import ObjectModel
import ObjectStorage
import Synchronization
import Testing

@testable import BuiltinAPI

@Suite struct ServiceAddressesTests {
    let fixture = AdmissionFixture()
    private let range = IPv4Range(base: IPv4Address(number: 0x0A60_0000), prefixLength: 24)

    private func plugin() -> ServiceAddresses {
        ServiceAddresses(store: fixture.store, allocator: ServiceAddressAllocator(range: range)) { $0.lowerBound }
    }

    private func service(_ name: String, _ spec: Value = .emptyObject, in namespace: String = "default") -> Value {
        var object = AdmissionFixture.named(name, in: namespace, ["spec": spec])
        if object["spec"]?["type"] == nil { object["spec", "type"] = "ClusterIP" }
        return object
    }

    private func message(_ plugin: ServiceAddresses, _ object: Value) async -> String? {
        do throws(APIStatus) {
            _ = try await fixture.admit(plugin, fixture.request(.services, object))
            return nil
        } catch { return error.message }
    }

    @Test func addressesComeFromTheUpperPartAndAreGivenOnce() async throws {
        let plugin = plugin()
        var seen: [String] = []
        for number in 0..<3 {
            let given = try await fixture.admit(plugin, fixture.request(.services, service("s\(number)")))
            seen.append(given["spec"]?["clusterIP"]?.string ?? "")
            #expect(given["spec"]?["clusterIPs"] == [.string(seen[number])])
            try await fixture.put(.services, given)
        }
        #expect(seen == ["10.96.0.16", "10.96.0.17", "10.96.0.18"])
    }

    @Test func whatTheStoreHoldsIsKnownAndWhatGoesIsFree() async throws {
        let taken = service("old", ["type": "ClusterIP", "clusterIP": "10.96.0.16", "clusterIPs": ["10.96.0.16"]])
        try await fixture.put(.services, taken)
        let plugin = plugin()
        let wish = service("new", ["type": "ClusterIP", "clusterIP": "10.96.0.16"])
        #expect(
            await message(plugin, wish)
                == "Service \"new\" is invalid: spec.clusterIPs: Invalid value: [\"10.96.0.16\"]: failed to allocate IP 10.96.0.16: provided IP is already allocated"
        )
        let key = StoredObjects.key(.services, "default", "old")
        let revision = try #require(try await fixture.store.object(at: key)).revision
        _ = try await fixture.store.commit(
            StoreWrite(key: key, precondition: .revision(revision), change: .delete(final: EncodedObject(taken))))
        #expect(await message(plugin, wish) == nil)
    }

    @Test(arguments: [
        ("10.97.0.1", "the provided IP (10.97.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/24"),
        ("10.96.0.0", "the provided IP (10.96.0.0) is not in the valid range. The range of valid IPs is 10.96.0.0/24"),
        ("10.96.0.1", "provided IP is already allocated"), ("10.96.0.10", "provided IP is already allocated"),
    ])
    func badAddressesAreRefusedInUpstreamsWords(_ address: String, problem: String) async {
        let text = await message(plugin(), service("s", ["type": "ClusterIP", "clusterIP": .string(address)]))
        #expect(text?.hasSuffix("failed to allocate IP \(address): \(problem)") == true)
    }

    @Test func theSystemsServicesGetTheirOwnAddresses() async {
        let api = service("kubernetes", ["type": "ClusterIP", "clusterIP": "10.96.0.1"])
        let dns = service("kube-dns", ["type": "ClusterIP", "clusterIP": "10.96.0.10"], in: "kube-system")
        #expect(await message(plugin(), api) == nil)
        #expect(await message(plugin(), dns) == nil)
    }

    @Test func headlessAndExternalServicesAreLeftAlone() async throws {
        for spec: Value in [
            ["type": "ClusterIP", "clusterIP": "None", "clusterIPs": ["None"]],
            ["type": "ExternalName", "externalName": "example.com"],
        ] {
            let object = service("s", spec)
            #expect(try await fixture.admit(plugin(), fixture.request(.services, object)) == object)
        }
    }

    @Test func nodePortsAreAllocatedSharedKeptAndJudged() async throws {
        let plugin = plugin()
        let ports: Value = [
            ["name": "tcp", "port": 53, "protocol": "TCP"], ["name": "udp", "port": 53, "protocol": "UDP"],
            ["name": "web", "port": 80, "protocol": "TCP", "nodePort": 30_500],
        ]
        let object = service("s", ["type": "NodePort", "ports": ports])
        let given = try await fixture.admit(plugin, fixture.request(.services, object))
        let numbers = { (object: Value) in object["spec"]?["ports"]?.array?.compactMap { $0["nodePort"]?.int } }
        #expect(numbers(given) == [30_000, 30_000, 30_500])
        try await fixture.put(.services, given)
        var changed = object
        changed["spec", "ports"] = [["name": "tcp", "port": 54, "protocol": "TCP"], ["name": "new", "port": 90]]
        let after = try await fixture.admit(plugin, fixture.request(.services, changed, old: given, as: .update))
        #expect(numbers(after) == [30_000, 30_001])
        let text = await message(
            plugin, service("t", ["type": "NodePort", "ports": [["port": 80, "nodePort": 30_500]]]))
        #expect(
            text?.hasSuffix("spec.ports[0].nodePort: Invalid value: 30500: provided port is already allocated") == true)
        let low = await message(plugin, service("u", ["type": "NodePort", "ports": [["port": 80, "nodePort": 80]]]))
        #expect(low?.hasSuffix("The range of valid ports is 30000-32767") == true)
    }

    @Test func ofTwoWritesWithOneAddressTheSecondIsRefusedUntilTheFirstFails() async throws {
        let plugin = plugin()
        let wish: Value = ["type": "ClusterIP", "clusterIP": "10.96.0.50"]
        var first = fixture.request(.services, service("first", wish))
        var second = fixture.request(.services, service("second", wish))
        try await plugin.mutate(&first)
        try await plugin.mutate(&second)
        try await plugin.validate(first)
        let refused = second
        await #expect(throws: APIStatus.self) { try await plugin.validate(refused) }
        await plugin.finished(first, committed: false)
        try await plugin.validate(refused)
    }

    @Test func aFullRangeIsAnInternalErrorAsUpstream() async throws {
        let tiny = IPv4Range(base: IPv4Address(number: 0x0A60_0000), prefixLength: 29)
        let plugin = ServiceAddresses(store: fixture.store, allocator: ServiceAddressAllocator(range: tiny)) {
            $0.lowerBound
        }
        for number in 0..<5 {
            let given = try await fixture.admit(plugin, fixture.request(.services, service("s\(number)")))
            try await fixture.put(.services, given)
        }
        #expect(await message(plugin, service("more"))?.contains("range is full") == true)
    }

    @Test func aSingleFamilyClusterRefusesOthers() async {
        let dual = await message(plugin(), service("s", ["type": "ClusterIP", "ipFamilyPolicy": "RequireDualStack"]))
        #expect(dual?.hasSuffix("this cluster is not configured for dual-stack services") == true)
        let six = await message(plugin(), service("s", ["type": "ClusterIP", "ipFamilies": ["IPv6"]]))
        #expect(six?.hasSuffix("spec.ipFamilies[0]: Invalid value: \"IPv6\": not configured on this cluster") == true)
    }
}

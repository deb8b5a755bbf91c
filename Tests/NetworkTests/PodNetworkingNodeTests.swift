import ObjectModel
import PodNetworking
import Processes
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

private let ip = NodeNetwork.ip
private let nft = NFTCommand.program

/// Whether nothing but `lo` is here, as in a new network namespace.
private func isOwnNamespace() -> Bool {
    guard getuid() == 0, (try? nft.path()) != nil, access("/usr/lib/cni/bridge", X_OK) == 0 else { return false }
    guard let list = if_nameindex() else { return false }
    defer { if_freenameindex(list) }
    var index = 0
    while let name = list[index].if_name {
        if String(cString: name) != "lo" { return false }
        index += 1
    }
    return true
}

/// Changes interfaces and rules, so it only runs in a network namespace of its own (`Scripts/in-netns.sh`).
@Suite(
    .serialized,
    .enabled(
        if: isOwnNamespace(),
        "needs root, nftables, containernetworking-plugins and a network namespace of its own: Scripts/in-netns.sh"))
struct PodNetworkingNodeTests {
    private static func network(_ id: String, pods: String, services: String) throws -> NodeNetwork {
        NodeNetwork(
            PodNetworkSettings(
                names: InstanceNames(dataDirID: id), nodePodRange: try #require(IPv4Range(pods)),
                serviceRange: try #require(IPv4Range(services)),
                cniConfigurationDirectory: "/tmp/ord-net-\(getpid())-\(id)",
                cniAddressDirectory: "/tmp/ord-net-\(getpid())-\(id)/addresses"))
    }

    @Test func thePluginsAreLookedForWhereTheyAreToldToBe() async throws {
        var settings = try Self.network("one", pods: "10.244.0.0/24", services: "10.96.0.0/16").settings
        settings.pluginDirectory = "/nonexistent/cni"
        let error: NetworkError? = await #expect(throws: NetworkError.self) { try await NodeNetwork(settings).setUp() }
        guard case .program(.missing) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func twoInstancesStandSideBySideAndEachLeavesNothing() async throws {
        let before = try await (ip.run(["-o", "addr"]), ip.run(["route"]), nft.run(["list", "ruleset"]))
        let first = try Self.network("one", pods: "10.244.0.0/24", services: "10.96.0.0/16")
        let second = try Self.network("two", pods: "10.245.0.0/24", services: "10.97.0.0/16")
        try await first.setUp()
        try await second.setUp()
        try await first.setUp()
        for network in [first, second] {
            let settings = network.settings
            let address = try await ip.run(["-o", "-4", "addr", "show", "dev", settings.names.bridge])
            #expect(address.contains("inet \(settings.gateway)/24"))
            let link = try await ip.run(["-o", "link", "show", "dev", settings.names.bridge])
            #expect(link.contains("link/ether \(LinkPlan(settings).hardwareAddress)"))
            let loopback = try await ip.run(["-o", "-4", "addr", "show", "dev", "lo"])
            #expect(loopback.contains("\(settings.dnsAddress)/32"))
            try await NFTCommand().apply("table ip \(settings.names.nftTable) {\n chain c {\n }\n}\n")
            #expect(access(settings.cniConfigurationDirectory + "/10-ordinal.conflist", R_OK) == 0)
        }
        try await first.tearDown()
        let rules = try await nft.run(["list", "ruleset"])
        #expect(!rules.contains(first.settings.names.nftTable))
        #expect(rules.contains(second.settings.names.nftTable))
        try await second.tearDown()
        try await second.tearDown()
        let after = try await (ip.run(["-o", "addr"]), ip.run(["route"]), nft.run(["list", "ruleset"]))
        #expect(before == after)
        #expect(access(first.settings.cniConfigurationDirectory + "/10-ordinal.conflist", F_OK) != 0)
        for network in [first, second] { rmdir(network.settings.cniConfigurationDirectory) }
    }

    @Test func anInstanceWithTheRangeOfAnotherIsRefused() async throws {
        let first = try Self.network("one", pods: "10.244.0.0/24", services: "10.96.0.0/16")
        try await first.setUp()
        let second = try Self.network("two", pods: "10.244.0.0/16", services: "10.97.0.0/16")
        let error = await #expect(throws: NetworkError.self) { try await second.setUp() }
        #expect(error?.description.contains(first.settings.names.bridge) == true)
        try await first.tearDown()
        rmdir(first.settings.cniConfigurationDirectory)
    }

    @Test func aRulesetWithAnErrorChangesNothingAndSaysWhere() async throws {
        let error = await #expect(throws: NetworkError.self) {
            try await NFTCommand().apply(
                "table ip ordinal_test {\n chain c {\n }\n}\nadd rule ip ordinal_test nowhere accept\n")
        }
        #expect(error?.description.contains("nft") == true)
        #expect(try await !nft.run(["list", "ruleset"]).contains("ordinal_test"))
    }
}
